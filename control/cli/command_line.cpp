#include "control/cli/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "config/text/nearest.h"
#include "control/cli/slip.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {

int command_line(int argc, char** argv, const std::string& version, const std::function<int(const RunOptions&)>& run) {
    CLI::App app{"Switchyard: an HTTP proxy that moves traffic between releases and loses nothing"};
    app.set_version_flag("--version", version);
    app.name("switchyard");  // not the path it was called by
    app.require_subcommand(1);
    app.footer("\nEvery verb has --help with an example. " + std::string(kExitCodes) + ".");
    Options options;
    Action action;
    RunOptions run_options;

    auto* verb = app.add_subcommand("run", "Run the proxy with this configuration until SIGTERM; SIGHUP re-reads it");
    verb->footer(
        "\nExample:\n  switchyard run --config /etc/switchyard.json\n"
        "  switchyard run --config base.json --overlay prod.json");
    verb->add_option("FILE,--config", run_options.config_file, "the configuration file")->required();
    add_overlays(*verb, run_options.overlays);
    verb->add_flag("--from-file", run_options.from_file,
                   "begin from the file alone: what was changed at run time is dropped");
    verb->add_option("--state-dir", run_options.state_dir,
                     "where state is kept, in place of the file's process.state_dir")
        ->envname("SWITCHYARD_STATE_DIR");
    verb->add_option("--above", run_options.above,
                     "give generations numbers above this one: for a state directory that was restored from a copy");
    verb->callback([&] { action = [&] { return run(run_options); }; });

    add_check(app, action);
    add_schema(app, action);
    add_status(app, options, action);
    add_upstream(app, options, action);
    add_switch(app, options, action);
    add_split(app, options, action);
    add_undo(app, options, action);
    add_apply(app, options, action);
    add_config(app, options, action);
    add_confirm(app, options, action);
    add_history(app, options, action);
    add_diff(app, options, action);
    add_drain(app, options, action);
    add_rule(app, options, action);
    add_wait(app, options, action);
    add_endpoint(app, options, action);
    add_audit(app, options, action);
    add_events(app, options, action);
    add_explain(app, options, action);
    add_watch(app, options, action);
    add_ui(app, options, action);
    add_rollout(app, options, action);
    add_deploy(app, options, action);
    add_certificates(app, options, action);
    add_releases(app, options, action);
    add_release(app, options, action);
    add_token(app, action);
    add_import_nginx(app, action);
    add_completion(app, action);
    if (argc < 2) {
        fmt::print(stderr, "{}", app.help());
        return kUsage;
    }
    std::vector<std::string> known;
    for (const auto* each : app.get_subcommands([](const CLI::App*) { return true; }))
        known.push_back(each->get_name());
    if (const std::string_view word = argv[1];
        word.substr(0, 1) != "-" && std::find(known.begin(), known.end(), word) == known.end()) {
        fmt::print(stderr, "switchyard: unknown verb {}\n", config::unknown_word(word, known));
        return kUsage;
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return tell_slip(app, e);
    }
    if (const auto lost = lost_value(app); !lost.empty()) return tell_usage(app, lost);
    return action ? action() : kUsage;
}

}  // namespace switchyard::control::cli
