# Two commands for a newcomer: make run, make test. The others are for who changes something.
PYTHON = .venv/bin/python

.PHONY: run chat knowledge train check-knowledge lint test evaluate desk-admin sync licences setup clean
run: setup            ## prepare what is missing, start everything, say where the chat page and the desk are
	@$(PYTHON) -m launch run
chat: setup           ## the bot alone, with a chat in the terminal
	@$(PYTHON) -m launch chat
knowledge: setup      ## load knowledge/content into the database
	@$(PYTHON) -m launch knowledge
train: setup          ## train the model, when there is none for the present data
	@$(PYTHON) -m launch train
check-knowledge: setup ## read every article and name the file and line of each fault
	@$(PYTHON) -m knowledge.check
	@$(PYTHON) -m knowledge.listings check
lint: setup
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy
test: lint check-knowledge  ## everything that can be tested, in one go
	@$(PYTHON) -m pytest tests --ignore=tests/gateway
	@$(PYTHON) -m pytest tests/gateway    # a process of its own: its Sanic servers do not get on with others in one
evaluate: setup       ## the questions of tests/quality against the running bot
	@$(PYTHON) -m tests.quality.evaluate
desk-admin: setup     ## make an administrator of the coordinators' desk: make desk-admin NAME=…
	@[ -n "$$NAME" ] || { echo "Say who: make desk-admin NAME=hanako" >&2; exit 2; }
	@$(PYTHON) -m desk create-admin "$$NAME"
licences: setup       ## write THIRD_PARTY.md
	@$(PYTHON) -m launch.licences
sync: setup           ## load the curated events and companies, fetch the feeds, say what changed
	@$(PYTHON) -m knowledge.listings sync
setup:
	@sh launch/setup.sh
clean:
	rm -rf .venv .cache var models
