"""The trained model for the present data and configuration. Its file carries a hash of all that goes into it, so it is trained once."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from knowledge.fingerprint import fingerprint
from launch.house import ROOT, CannotStart, House, python
from launch.progress import Step

_INPUTS = (
    "config.yml",
    "domain.yml",
    "data",
    "bot/nlu",
    "knowledge/analysis.py",
    "knowledge/search/names.py",
    "knowledge/languages.py",
    "knowledge/content/languages.yaml",
    "knowledge/content/articles",
    "knowledge/content/questions",
    "knowledge/content/outside",
    "knowledge/content/intent_aspects.yaml",
    "requirements.lock",
)
_KEPT = 2


def model_path() -> Path:
    """Where the model for the present inputs is, or will be."""
    return ROOT / "models" / f"madoguchi-{fingerprint(*_INPUTS, root=ROOT)[:16]}.tar.gz"


def trained_model(home: House) -> Path:
    """The model, trained now when there is none. Raises CannotStart with the end of Rasa's output when the training fails."""
    path = model_path()
    if path.exists():
        return path
    log = home.var / "log" / "train.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(exist_ok=True)
    # Written aside and moved when whole: neither Ctrl-C nor a second start at the same time can leave half a model under this name.
    with tempfile.TemporaryDirectory(prefix=".training-", dir=path.parent) as aside, Step("Training the model"), log.open("w") as output:
        name = path.name.removesuffix(".tar.gz")
        command = [python(), "-m", "bot.server", "train", "--quiet", "--fixed-model-name", name, "--out", aside]
        code = subprocess.call(command, cwd=ROOT, env=home.environment(), stdout=output, stderr=subprocess.STDOUT)
        made = Path(aside) / path.name
        if code or not made.exists():
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise CannotStart(f"The training failed. The end of {log.relative_to(ROOT)}:\n{tail}")
        made.replace(path)
    for old in sorted(path.parent.glob("madoguchi-*.tar.gz"), key=lambda one: one.stat().st_mtime)[:-_KEPT]:
        old.unlink(missing_ok=True)
    return path
