#include "control/cli/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "config/text/nearest.h"
#include "control/cli/duration_option.h"
#include "control/cli/secure_site.h"
#include "control/cli/slip.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

void add_site_options(CLI::App& verb, SecureSite& site, CLI::Option* secure, CLI::Option* file) {
    secure->excludes(file);
    verb.add_option("--to", site.endpoints, "with --tls: where the site is served, as host:port")->needs(secure);
    verb.add_flag("--accept-terms", site.terms_accepted, "with --tls: the authority's terms of service are accepted")
        ->needs(secure);
    verb.add_option("--email", site.email, "with --tls: where the authority may write to")->needs(secure);
    verb.add_option("--directory", site.directory,
                    "with --tls: the authority: letsencrypt, letsencrypt-staging or the URL of its directory")
        ->needs(secure);
    verb.add_option("--ca", site.ca, "with --tls: PEM file of whom the directory is believed by")->needs(secure);
    verb.add_option("--http", site.http, "with --tls: where plain HTTP is accepted, 0.0.0.0:80")->needs(secure);
    verb.add_option("--admin-bind", site.admin, "with --tls: where the admin API is, 127.0.0.1:9900")->needs(secure);
    verb.add_option("--https", site.https, "with --tls: where TLS is accepted, 0.0.0.0:443")->needs(secure);
}

void add_takeover_options(CLI::App& verb, RunOptions& options) {
    auto* takeover = verb.add_option("--takeover", options.takeover,
                                     "take the place of the proxy that runs, in another container of this machine: "
                                     "its STATE_DIR/upgrade.sock");
    const auto time = [&](const char* name, std::optional<std::chrono::milliseconds>& to, const char* what) {
        verb.add_option_function<std::string>(
                name, [&to](const std::string& text) { to = config::parse_duration(text); }, what)
            ->check(duration_option())
            ->needs(takeover);
    };
    time("--drain-within", options.drain_within,
         "with --takeover: what the process of before still has is ended after this time (10m)");
    time("--probation", options.probation,
         "with --takeover: for so long the process of before would take all back (30s)");
    verb.add_flag("--cut-oldest", options.cut_oldest,
                  "with --takeover: where two processes of before still have something younger than --drain-within, "
                  "end the oldest")
        ->needs(takeover);
}

int run_site(const SecureSite& site, RunOptions options, const std::function<int(const RunOptions&)>& run) {
    const auto state_dir = options.state_dir.value_or(usual_state_dir());
    std::vector<std::string> complaints;
    const auto document = document_of(site, state_dir, complaints);
    for (const auto& complaint : complaints) fmt::print(stderr, "switchyard: {}\n", complaint);
    if (!complaints.empty()) return kUsage;
    std::string why;
    options.config_file = write_site(document, state_dir, why);
    options.state_dir = state_dir;
    if (!options.config_file.empty()) return run(options);
    fmt::print(stderr, "switchyard: {}\n", why);
    return kRefused;
}

void add_run(CLI::App& app, RunOptions& options, SecureSite& site, Action& action,
             const std::function<int(const RunOptions&)>& run) {
    auto* verb = app.add_subcommand("run", "Run the proxy with this configuration until SIGTERM; SIGHUP re-reads it");
    verb->footer(
        "\nExample:\n  switchyard run --config /etc/switchyard.json\n"
        "  switchyard run --config base.json --overlay prod.json\n"
        "  switchyard run --tls shop.example --to 127.0.0.1:9001 --accept-terms   # a secure site, with nothing else");
    auto* file = verb->add_option("FILE,--config", options.config_file, "the configuration file");
    add_overlays(*verb, options.overlays);
    verb->add_flag("--from-file", options.from_file,
                   "begin from the file alone: what was changed at run time is dropped");
    verb->add_option("--state-dir", options.state_dir, "where state is kept, in place of the file's process.state_dir")
        ->envname("SWITCHYARD_STATE_DIR");
    verb->add_option("--above", options.above,
                     "give generations numbers above this one: for a state directory that was restored from a copy");
    add_takeover_options(*verb, options);
    auto* secure =
        verb->add_option("--tls", site.hosts, "a host to be served on TLS, with a certificate that is asked for");
    add_site_options(*verb, site, secure, file);
    verb->callback([&options, &site, &action, &run, file] {
        if (options.config_file.empty() && site.hosts.empty()) throw CLI::RequiredError(file->get_name());
        action = [&options, &site, &run] { return site.hosts.empty() ? run(options) : run_site(site, options, run); };
    });
}

}  // namespace

int command_line(int argc, char** argv, const std::string& version, const std::function<int(const RunOptions&)>& run) {
    CLI::App app{"Switchyard: an HTTP proxy that moves traffic between releases and loses nothing"};
    app.set_version_flag("--version", version);
    app.name("switchyard");  // not the path it was called by
    app.require_subcommand(1);
    app.footer("\nEvery verb has --help with an example. " + std::string(kExitCodes) + ".");
    Options options;
    Action action;
    RunOptions run_options;

    SecureSite site;
    add_run(app, run_options, site, action, run);
    add_check(app, action);
    add_schema(app, action);
    add_status(app, options, action);
    add_upstream(app, options, action);
    add_switch(app, options, action);
    add_hold(app, options, action);
    add_resume(app, options, action);
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
    add_upgrade(app, options, action);
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
