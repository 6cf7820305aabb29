// switchyard certificates [--reload | --renew NAME]: what is shown to whom, and how long it lasts.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

constexpr std::size_t kNamesShown = 3;

std::string hosts_named(const Json& one) {
    std::string out;
    const auto names = one.value("names", Json::array());
    for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i)
        out += (i == 0 ? "" : ", ") + text_of(names[i]);
    if (names.size() > kNamesShown) out += fmt::format(" and {} more", names.size() - kNamesShown);
    return out;
}

// How an authority is asked for it, in a sentence.
std::string asked_for(const Json& acme) {
    const auto state = acme.value("state", "");
    auto out = state == "asking"
                   ? fmt::format("it is asked for from {} ({})", acme.value("directory", ""), acme.value("step", ""))
               : state == "queued" ? std::string("it is about to be asked for")
               : state == "failed" ? fmt::format("not issued by {}, {} time(s) in a row", acme.value("directory", ""),
                                                 text_of(acme["failures"]))
                                   : fmt::format("from {}", acme.value("directory", ""));
    if (acme.contains("said")) out += fmt::format(": {}: {}", acme.value("kind", ""), acme.value("said", ""));
    if (acme.contains("next"))
        out += fmt::format("; {} {}", state == "failed" ? "asked again" : "renewed", acme.value("next", ""));
    return out;
}

void print_certificates(const Json& all) {
    const auto list = all.value("certificates", Json::array());
    if (list.empty()) return fmt::print("no certificates\n");
    std::vector<std::vector<std::string>> rows{{"NAME", "STATE", "ENDS", "DAYS", "KEY", "SHA-256", "LISTENERS", "FOR"}};
    for (const auto& one : list) {
        std::string listeners;
        for (const auto& name : one.value("listeners", Json::array()))
            listeners += (listeners.empty() ? "" : ", ") + text_of(name);
        for (const auto& name : one.value("upstreams", Json::array()))
            listeners += (listeners.empty() ? "to " : ", to ") + text_of(name);
        rows.push_back({one.value("name", ""), one.value("state", ""), one.value("not_after", "").substr(0, 10),
                        one.contains("days_left") ? text_of(one["days_left"]) : "", one.value("key_kind", ""),
                        one.value("sha256", "").substr(0, 16), listeners, hosts_named(one)});
    }
    print_table(rows);
    for (const auto& one : list) {
        const auto name = one.value("name", "");
        if (one.contains("detail")) fmt::print("{}: {}\n", name, one.value("detail", ""));
        for (const auto& warning : one.value("warnings", Json::array())) fmt::print("{}: {}\n", name, text_of(warning));
        if (one.contains("trouble"))
            fmt::print("{}: its files cannot be used since {}: {}\n", name, one["trouble"].value("since", ""),
                       one["trouble"].value("detail", ""));
        if (one.contains("acme")) fmt::print("{}: {}\n", name, asked_for(one["acme"]));
    }
}

}  // namespace

void add_certificates(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "certificates", "Show the certificates, what they name and when they end",
                          "switchyard certificates --reload");
    auto reload = std::make_shared<bool>(false);
    verb->add_flag("--reload", *reload, "look at their files now; ends when what they hold is in force");
    auto renew = std::make_shared<std::string>();
    verb->add_option("--renew", *renew, "ask the authority of this certificate (acme) for a new one now")
        ->excludes("--reload");
    verb->callback([&, reload, renew] {
        action = [&, reload, renew] {
            if (!*reload && renew->empty()) return show(options, "/v1/certificates", print_certificates);
            const auto answer = AdminClient(options.client)
                                    .call("POST", *reload ? std::string("/v1/certificates/reload")
                                                          : "/v1/certificates/" + path_segment(*renew) + "/renew");
            if (!answer.done()) return print_problem(options, answer);
            if (options.json)
                fmt::print("{}\n", json_text(answer.json));
            else
                print_certificates(safe_json(answer.json));
            return static_cast<int>(kDone);
        };
    });
}

}  // namespace switchyard::control::cli
