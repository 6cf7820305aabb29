// switchyard events: what happens, as it happens.
#include <fmt/format.h>

#include <cstdio>

#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

// Lists as their members, not as JSON.
std::string words_of(const Json& value) {
    if (!value.is_array()) return text_of(value);
    std::string out;
    for (const auto& item : value) out += (out.empty() ? "" : "; ") + text_of(item);
    return out;
}

// Cuts a stream of server-sent events into events and prints each as one line.
class Printer {
  public:
    explicit Printer(bool json) : json_(json) {}

    void take(std::string_view bytes) {
        pending_ += bytes;
        for (auto end = pending_.find("\n\n"); end != std::string::npos; end = pending_.find("\n\n")) {
            print(std::string_view(pending_).substr(0, end));
            pending_.erase(0, end + 2);
        }
    }

  private:
    void print(std::string_view event) const {
        std::string id, kind, text;
        while (!event.empty()) {
            const auto end = std::min(event.find('\n'), event.size());
            const auto line = event.substr(0, end);
            event.remove_prefix(std::min(end + 1, event.size()));
            if (line.substr(0, 4) == "id: ") id = line.substr(4);
            if (line.substr(0, 7) == "event: ") kind = line.substr(7);
            if (line.substr(0, 6) == "data: ") text = line.substr(6);
        }
        if (kind.empty()) return;  // a heartbeat
        auto body = Json::parse(text, nullptr, false);
        if (json_) {
            fmt::print("{}\n", json_text(Json{{"id", id}, {"event", kind}, {"data", body}}, -1));
        } else {
            std::string line = body.is_object() ? text_of(body.value("at", Json(""))).substr(0, 19) : "";
            line += fmt::format("  {:<9}", kind);
            if (body.is_object())
                for (const auto& [key, value] : body.items())
                    if (key != "at" && !(value.is_string() && value.get<std::string>().empty()))
                        line += fmt::format(" {}={}", key, words_of(value));
            fmt::print("{}\n", line);
        }
        std::fflush(stdout);
    }
    const bool json_;
    std::string pending_;
};

}  // namespace

void add_events(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "events", "Show events as they happen, until interrupted",
                          "switchyard events --after 0");
    auto after = std::make_shared<std::string>();
    verb->add_option("--after", *after, "begin after the event of this id; 0: with the oldest that is kept");
    verb->callback([&, after] {
        action = [&, after]() -> int {
            Printer printer(options.json);
            std::map<std::string, std::string> headers;
            if (!after->empty()) headers["Last-Event-ID"] = *after;
            const auto answer = AdminClient(options.client).stream("/v1/events", headers, [&](std::string_view bytes) {
                printer.take(bytes);
                return true;
            });
            if (answer.status == 200) return kDone;
            return print_problem(options, answer);
        };
    });
}

}  // namespace switchyard::control::cli
