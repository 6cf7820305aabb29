# A release of a route as a target: include scripts/pipelines/release.mk, then
#
#   make release ROUTE=forum START='systemctl start forum@green' SMOKE='GET /readyz' STOP='systemctl stop forum@blue'
#
# Variables: those of scripts/pipelines/release without their RELEASE_; ID defaults to what was built.
release_folder := $(dir $(lastword $(MAKEFILE_LIST)))
TO ?= @candidate
ID ?= $(shell git describe --always --dirty 2>/dev/null)

.PHONY: release
release: export RELEASE_ROUTE = $(ROUTE)
release: export RELEASE_TO = $(TO)
release: export RELEASE_ENDPOINTS = $(ENDPOINTS)
release: export RELEASE_START = $(START)
release: export RELEASE_SMOKE = $(SMOKE)
release: export RELEASE_SMOKE_THROUGH = $(SMOKE_THROUGH)
release: export RELEASE_PLAN = $(PLAN)
release: export RELEASE_WATCH = $(WATCH)
release: export RELEASE_STOP = $(STOP)
release: export RELEASE_ID = $(ID)
release:
	@$(release_folder)release
