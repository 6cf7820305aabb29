#include "control/cli/verb.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "config/text/count.h"
#include "control/cli/safe_text.h"

namespace switchyard::control::cli {
namespace {

std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// The API's words for who insists, as one says it here.
std::string in_flags(std::string detail) {
    constexpr std::string_view kSaid = R"("force": true)";
    if (const auto at = detail.find(kSaid); at != std::string::npos) detail.replace(at, kSaid.size(), "--force");
    return detail;
}

}  // namespace

std::string text_of(const Json& value) {
    if (value.is_string()) return safe_text(value.get_ref<const std::string&>());
    if (value.is_null()) return "";
    if (value.is_number_float()) return fmt::format("{:.1f}", value.get<double>());
    return value.dump();
}

bool nothing_in_flight(const Json& count) {
    for (const char* kind : {"requests", "tunnels", "streams"})
        if (count.value(kind, 0) != 0) return false;
    return true;
}

std::string in_flight_words(const Json& count) {
    const auto counted = [&](const char* key, std::string_view noun) {
        return config::count_of(count.value(key, std::uint64_t{0}), noun);
    };
    // Also of a program before this one, which counts no streams.
    const bool streams = count.value("streams", 0) > 0;
    return counted("requests", "request") + ", " + (streams ? counted("streams", "stream") + ", " : "") +
           counted("tunnels", "tunnel");
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (widths.size() <= i) widths.push_back(0);
            widths[i] = std::max(widths[i], width_of(row[i]));
        }
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 2, ' ');
        }
        while (!line.empty() && line.back() == ' ') line.pop_back();
        fmt::print("{}\n", line);
    }
}

CLI::App* add_verb(CLI::App& app, Options& options, const std::string& name, const std::string& what,
                   const std::string& example) {
    auto* verb = app.add_subcommand(name, what);
    verb->footer("\nExample:\n  " + example + "\n\n" + kExitCodes);
    verb->add_option("--admin", options.client.admin,
                     "URL of the admin API (else SWITCHYARD_ADMIN, else the local one)");
    verb->add_option("--token-file", options.client.token_file,
                     "file with the token (else SWITCHYARD_TOKEN, else the "
                     "state directory's)");
    // Its variable is read by the client: the option of a verb that was not chosen must not take it for its own.
    verb->add_option("--state-dir", options.client.state_dir,
                     "where the local installation keeps its state (else SWITCHYARD_STATE_DIR, else "
                     "/var/lib/switchyard)");
    verb->add_option("--ca-file", options.client.ca_file, "certificate to trust for an https admin API");
    auto* shown = verb->add_option("--cert", options.client.certificate,
                                   "certificate that says who calls, for an https admin API (process.admin.clients)");
    verb->add_option("--cert-key", options.client.key, "its private key; default: in the same file")->needs(shown);
    verb->add_flag("--json", options.json, "answer as JSON, for machines");
    return verb;
}

void add_change_options(CLI::App& verb, Options& options) {
    add_call_options(verb, options);
    add_force_option(verb, options);
}

void add_force_option(CLI::App& verb, Options& options) {
    verb.add_flag("--force", options.force, "also where traffic would be left without a healthy endpoint");
}

void add_call_options(CLI::App& verb, Options& options) {
    verb.add_flag("--dry-run", options.dry_run, "show what would change, change nothing");
    verb.add_option("--reason", options.reason, "why, for the audit");
    verb.add_option("--if-generation", options.if_match, "only if this generation is in force");
    verb.add_option("--idempotency-key", options.idempotency_key, "repeat safely: the same key is done once");
}

ClientAnswer send_change(const Options& options, const std::string& method, const std::string& path, const Json& body) {
    return send_change_text(options, method, path, body.is_null() ? "" : body.dump());
}

ClientAnswer send_change_text(const Options& options, const std::string& method, const std::string& path,
                              const std::string& body, const std::vector<std::string>& queries) {
    std::map<std::string, std::string> headers;
    if (!options.reason.empty()) headers["X-Reason"] = options.reason;
    if (!options.if_match.empty()) headers["If-Match"] = '"' + options.if_match + '"';
    if (!options.idempotency_key.empty()) headers["Idempotency-Key"] = options.idempotency_key;
    std::string whole = path;
    const auto add = [&whole](const std::string& query) {
        whole += (whole.find('?') == whole.npos ? '?' : '&') + query;
    };
    if (options.dry_run) add("dry_run=true");
    if (options.force) add("force=true");
    for (const auto& query : queries) add(query);
    return AdminClient(options.client).call(method, whole, body, headers);
}

int change(const Options& options, const std::string& method, const std::string& path, const Json& body) {
    return print_receipt(options, send_change(options, method, path, body));
}

int print_receipt(const Options& options, const ClientAnswer& answer) {
    const bool receipt = answer.json.is_object() && answer.json.contains("adopted");
    if (!receipt) return print_problem(options, answer);
    const int code = answer.done() ? kDone : kIncomplete;
    if (options.json) {
        fmt::print("{}\n", json_text(answer.json));
        return code;
    }
    const auto r = safe_json(answer.json);
    const bool repeated = r.contains("repeated");
    if (repeated)
        fmt::print(
            "repeated answer: the same call with this idempotency key was done before; in force now is generation "
            "{}\n",
            text_of(r["repeated"]["in_force"]));
    for (const auto& line : r["changes"]) fmt::print("{}\n", text_of(line));
    for (const auto& line : r.value("moves", Json::array())) fmt::print("{}\n", text_of(line));
    if (r.contains("restores")) {
        const auto why = r["restores"].value("why", "");
        fmt::print("returns to generation {}{}\n", text_of(r["restores"]["generation"]), why.empty() ? "" : ": " + why);
    }
    const bool dry = r.value("dry_run", false);
    if (r.value("unchanged", false))
        fmt::print("nothing to change: generation {} is already so\n", text_of(r["generation"]));
    else if (dry)
        fmt::print("dry run: nothing was changed (it would be generation {})\n", text_of(r["generation"]));
    else
        fmt::print("generation {} {} force on {} of {} workers after {:.3f} ms\n", text_of(r["generation"]),
                   repeated ? "came into" : "in", text_of(r["adopted"]["workers"]), text_of(r["adopted"]["of"]),
                   r["took_us"].get<double>() / 1000);
    if (r.contains("drain") && !dry)
        for (const auto& [upstream, count] : r["drain"]["in_flight"].items()) {
            if (nothing_in_flight(count)) continue;
            fmt::print("draining {}: {} in flight (switchyard drain {} --wait 30s)\n", upstream, in_flight_words(count),
                       text_of(r["drain"]["id"]));
        }
    if (r.contains("unstored"))
        fmt::print(stderr, "NOT STORED: {}; it is tried again until it is\n", text_of(r["unstored"]));
    if (r.contains("confirm_by"))
        fmt::print("undone by itself at {} unless: switchyard confirm {}\n", text_of(r["confirm_by"]),
                   text_of(r["generation"]));
    if (r.contains("rollout"))
        fmt::print("undone by itself when failures beat the old upstream's (switchyard rollout watch {})\n",
                   text_of(r["rollout"]));
    if (answer.status == 202)
        fmt::print(stderr, "NOT in force everywhere: workers {} have not answered\n",
                   text_of(r["adopted"]["waiting_for"]));
    return code;
}

int show(const Options& options, const std::string& path, const std::function<void(const Json&)>& print) {
    const auto answer = AdminClient(options.client).call("GET", path);
    if (!answer.done() || answer.json.is_discarded()) return print_problem(options, answer);
    if (options.json)
        fmt::print("{}\n", json_text(answer.json));
    else
        print(safe_json(answer.json));
    return kDone;
}

int print_problem(const Options& options, const ClientAnswer& answer) {
    if (options.json && answer.json.is_object()) {
        fmt::print("{}\n", json_text(answer.json));
        return kRefused;
    }
    if (!answer.json.is_object() || !answer.json.contains("detail")) {
        fmt::print(stderr, "switchyard: {}\n", safe_text(answer.text));
        return answer.status == 0 ? kUnreachable : kRefused;
    }
    fmt::print(stderr, "switchyard: {}: {}\n", text_of(answer.json["title"]), in_flags(text_of(answer.json["detail"])));
    if (answer.json.contains("errors") && answer.json["errors"].size() > 1)
        for (const auto& error : answer.json["errors"])
            fmt::print(stderr, "  {}{}\n", error["pointer"] == "" ? "" : text_of(error["pointer"]) + ": ",
                       text_of(error["detail"]));
    return kRefused;
}

}  // namespace switchyard::control::cli
