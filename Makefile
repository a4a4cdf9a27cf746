# Two commands do everything on a fresh machine: `make run` and `make test`.

SWIFT_FLAGS = --explicit-target-dependency-import-check error
# What the examples record; begun anew by each run.
RUN_DATA = .build/run-data
TEAM_DATA = .build/team-data

.PHONY: setup build release run team walkthrough test bench format lint clean help

help:
	@echo "make run     fetch what is pinned, build, and run the shipped example on this README"
	@echo "make team    run the supervised team of Examples/team on this repository's texts"
	@echo "make walkthrough  go from a crash to its cause, as Documentation/Replay.md shows it"
	@echo "make test    the same set-up, then every test"
	@echo "make bench   measure speed and size beside a C program and Erlang/OTP, in release mode"
	@echo "make lint    check formatting and layering;  make format   rewrite formatting"

setup:
	@Scripts/setup.sh

build: setup
	swift build $(SWIFT_FLAGS)

release: setup
	swift build -c release $(SWIFT_FLAGS) --product theater
	swift build -c release $(SWIFT_FLAGS) --product theater-launch

# The main job: an actor written with the SDK reads this repository's README, and its recorded run is verified.
run: release
	@rm -rf $(RUN_DATA)
	@Scripts/run_example.sh .build/release/theater $(RUN_DATA)

# The second example: a supervised team that survives the crashes of its workers.
team: release
	@rm -rf $(TEAM_DATA)
	@Scripts/run_team.sh .build/release/theater $(TEAM_DATA)

# From a crash to its cause, as Documentation/Replay.md shows it: what the program answers is compared with the page.
walkthrough: release
	@Scripts/run_walkthrough.sh .build/release/theater

test: setup
	@Scripts/test.sh

bench: release
	@Benchmarks/run.sh

format:
	@Scripts/lint.sh format

lint:
	@Scripts/lint.sh lint
	@Scripts/check_tree.sh

clean:
	rm -rf .build
