"""Questions that measure the answers, written by somebody who saw neither the training data nor the articles' questions."""
