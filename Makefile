# Two commands for a newcomer: make run, make test. The others are for who changes something.
PYTHON = .venv/bin/python

.PHONY: run chat knowledge train check-knowledge lint test evaluate benchmark setup clean
run: setup            ## prepare what is missing, start everything, say where to ask
	@$(PYTHON) -m launch run
chat: setup           ## the same, with a chat in the terminal
	@$(PYTHON) -m launch chat
knowledge: setup      ## load knowledge/content into the database
	@$(PYTHON) -m launch knowledge
train: setup          ## train the model, when there is none for the present data
	@$(PYTHON) -m launch train
check-knowledge: setup ## read every article and name the file and line of each fault
	@$(PYTHON) -m knowledge.check
lint: setup
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy
test: lint check-knowledge  ## everything that can be tested, in one go
	@$(PYTHON) -m pytest
evaluate: setup       ## the questions of tests/quality against the running bot
	@$(PYTHON) -m tests.quality.evaluate
setup:
	@sh launch/setup.sh
clean:
	rm -rf .venv .cache var models
