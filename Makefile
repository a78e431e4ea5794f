# Every target is `python3 bootstrap.py TARGET`; arguments go in ARGS, as in `make demo ARGS=--check`.
# `make chaos N=20000` kills so many times.
PYTHON ?= python3
TARGETS := help demo sources test check soak chaos bench pictures install lock

.PHONY: $(TARGETS)
.DEFAULT_GOAL := help

$(TARGETS):
	@$(PYTHON) bootstrap.py $@ $(if $(filter chaos,$@),$(if $(N),--kills $(N))) $(ARGS)
