# Two commands do everything on a fresh machine: `make run` and `make test`.

SWIFT_FLAGS = --explicit-target-dependency-import-check error
# Programs start in two thirds of the time with the Swift runtime inside, and commands of a node in nine tenths of that
# when types are asked for directly instead of by their names.
RELEASE_FLAGS = -c release $(SWIFT_FLAGS) --static-swift-stdlib \
    -Xswiftc -Xfrontend -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors
# What the examples record; begun anew by each run.
RUN_DATA = .build/run-data
TEAM_DATA = .build/team-data
AGENT_DATA = .build/agent-data

# What `make dist` and `make install` use: programs that bring the Swift runtime with them.
DIST = .build/dist
PREFIX = /usr/local

.PHONY: setup build release run team agent walkthrough test screenshots bench portable dist install format lint clean help

help:
	@echo "make run     fetch what is pinned, build, and run the shipped example on this README"
	@echo "make team    run the supervised team of Examples/team on this repository's texts"
	@echo "make agent   run the tool-using agent of Examples/agent on this repository's files"
	@echo "make walkthrough  go from a crash to its cause, as Documentation/Replay.md shows it"
	@echo "make test    the same set-up, then every test"
	@echo "make bench   measure speed and size beside a C program and Erlang/OTP, in release mode"
	@echo "make dist    a relocatable archive and a Debian package, in $(DIST)/out"
	@echo "make install the programs, manual pages, completions and units for systemd, into PREFIX ($(PREFIX)) beneath DESTDIR"
	@echo "make screenshots  make pictures of the dashboard in .build/screenshots"
	@echo "make lint    check formatting and layering;  make format   rewrite formatting"

setup:
	@Scripts/setup.sh

build: setup
	swift build $(SWIFT_FLAGS)

# Pictures of the dashboard in three widths, dark and light.
screenshots: setup
	swift build $(SWIFT_FLAGS) --product theater
	@Scripts/test_dashboard.sh --screenshots .build/screenshots

release: setup
	swift build $(RELEASE_FLAGS) --product theater
	swift build $(RELEASE_FLAGS) --product theater-launch

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

# The third example: an agent with the tools of a server of its own; the replay does without the server.
agent: release
	@rm -rf $(AGENT_DATA)
	@Scripts/run_agent.sh .build/release/theater $(AGENT_DATA)

test: setup
	@Scripts/test.sh

bench: release
	@Benchmarks/run.sh

portable: export THEATER_RELOCATABLE = 1
portable: setup
	for product in theater theater-launch generate-manual; do \
	    swift build $(RELEASE_FLAGS) --disable-local-rpath \
	        --scratch-path $(DIST) --product $$product || exit 1; \
	done

dist: portable
	@Scripts/dist.sh $(DIST)/release $(DIST)/out

install: portable
	@Scripts/stage.sh $(DIST)/release "$(DESTDIR)" "$(PREFIX)"
	@Scripts/install_service.sh "$(DESTDIR)" "$(PREFIX)"

format:
	@Scripts/lint.sh format

lint:
	@Scripts/lint.sh lint
	@Scripts/check_tree.sh

clean:
	rm -rf .build
