// The verbs of the command line, each in the file of its name. Each adds itself to the program and, when chosen, sets
// the action.
#pragma once

#include "control/cli/verb.h"

namespace switchyard::control::cli {

void add_overlays(CLI::App& verb, std::vector<std::string>& overlays);
void add_check(CLI::App& app, Action& action);
void add_schema(CLI::App& app, Action& action);
void add_status(CLI::App& app, Options& options, Action& action);
void add_upstream(CLI::App& app, Options& options, Action& action);
void add_switch(CLI::App& app, Options& options, Action& action);
void add_hold(CLI::App& app, Options& options, Action& action);
void add_resume(CLI::App& app, Options& options, Action& action);
void add_split(CLI::App& app, Options& options, Action& action);
void add_apply(CLI::App& app, Options& options, Action& action);
void add_config(CLI::App& app, Options& options, Action& action);
void add_undo(CLI::App& app, Options& options, Action& action);
void add_confirm(CLI::App& app, Options& options, Action& action);
void add_history(CLI::App& app, Options& options, Action& action);
void add_diff(CLI::App& app, Options& options, Action& action);
void add_drain(CLI::App& app, Options& options, Action& action);
void add_rule(CLI::App& app, Options& options, Action& action);
void add_wait(CLI::App& app, Options& options, Action& action);
void add_endpoint(CLI::App& app, Options& options, Action& action);
void add_audit(CLI::App& app, Options& options, Action& action);
void add_events(CLI::App& app, Options& options, Action& action);
void add_explain(CLI::App& app, Options& options, Action& action);
void add_watch(CLI::App& app, Options& options, Action& action);
void add_ui(CLI::App& app, Options& options, Action& action);
void add_rollout(CLI::App& app, Options& options, Action& action);
void add_deploy(CLI::App& app, Options& options, Action& action);
void add_releases(CLI::App& app, Options& options, Action& action);
void add_release(CLI::App& app, Options& options, Action& action);
void add_certificates(CLI::App& app, Options& options, Action& action);
void add_upgrade(CLI::App& app, Options& options, Action& action);
void add_token(CLI::App& app, Action& action);
void add_import_nginx(CLI::App& app, Action& action);
void add_completion(CLI::App& app, Action& action);

}  // namespace switchyard::control::cli
