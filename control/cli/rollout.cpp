// switchyard rollout start FILE | status [ID] | watch ID | promote|pause|resume|abort ID
#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "control/base/file_bytes.h"
#include "control/cli/rollout_view.h"
#include "control/cli/screen.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

constexpr std::chrono::milliseconds kLook{500};

struct RolloutArguments {
    std::string what, which;
};

int start_rollout(const Options& options, const std::string& path) {
    const auto text = file_bytes(path);
    if (!text) {
        fmt::print(stderr, "switchyard: {}\n", text.error().detail);
        return kRefused;
    }
    // Said here because only here the file has a name.
    try {
        const Json readable = Json::parse(*text);
    } catch (const Json::exception& e) {
        const std::string said = e.what();
        fmt::print(stderr, "switchyard: {} is not JSON: {}\n", path, said.substr(said.find("] ") + 2));
        return kRefused;
    }
    const auto answer = send_change_text(options, "POST", "/v1/rollouts", *text);
    if (!answer.done()) return print_problem(options, answer);
    if (options.json) {
        fmt::print("{}\n", json_text(answer.json));
        return kDone;
    }
    if (options.dry_run) {
        fmt::print("dry run: the plan fits, nothing was begun. With every value written out:\n{}\n",
                   json_text(answer.json["plan"]));
        return kDone;
    }
    fmt::print("{}\nfollow it: switchyard rollout watch {}\n", rollout_line(safe_json(answer.json)),
               text_of(answer.json["id"]));
    return kDone;
}

// With the reason where a person is needed.
std::pair<std::string, std::string> told_in_a_line(const Json& rollout) {
    const std::string why = rollout.value("why", "");
    return {rollout_line(rollout), rollout.value("needs_person", false) && !why.empty() ? ": " + why : ""};
}

// On a terminal the whole picture, redrawn in place; into a file or a pipe a line for each change of state or step, and
// the picture at the end.
class RolloutPicture {
  public:
    explicit RolloutPicture(bool json) : json_(json), terminal_(Screen::on_terminal() && !json) {}

    void draw(const Json& rollout) {
        if (json_) {
            fmt::print("{}\n", json_text(rollout, -1));
        } else if (terminal_) {
            screen_.draw(rollout_lines(safe_json(rollout)));
        } else if (over(rollout)) {
            for (const auto& line : rollout_lines(safe_json(rollout))) fmt::print("{}\n", line);
        } else if (const auto [line, why] = told_in_a_line(safe_json(rollout)); line + why.substr(0, 1) != last_) {
            fmt::print("{}{}\n", line, why);
            last_ = line + why.substr(0, 1);  // what it waits for changes from look to look
        }
        std::fflush(stdout);
    }

    // Who looks on a terminal may want to see what a person makes of it; a script must not wait for one for ever.
    bool over(const Json& rollout) const {
        return rollout_ended(rollout) || (!terminal_ && rollout["state"] == "inconclusive");
    }

  private:
    const bool json_, terminal_;
    Screen screen_;
    std::string last_;
};

int watch_rollout(const Options& options, const std::string& id) {
    RolloutPicture picture(options.json);
    while (true) {
        const auto answer = AdminClient(options.client).call("GET", "/v1/rollouts/" + path_segment(id));
        if (!answer.done()) return print_problem(options, answer);
        picture.draw(answer.json);
        if (picture.over(answer.json))
            return answer.json["state"] == "succeeded"      ? kDone
                   : answer.json["state"] == "inconclusive" ? kIncomplete
                                                            : kRefused;
        std::this_thread::sleep_for(kLook);
    }
}

// A wish without an id is refused, but says which there are: no operator should have to ask twice at night.
int ask_which(const Options& options, const std::string& what) {
    std::string active;
    const auto answer = AdminClient(options.client).call("GET", "/v1/rollouts");
    if (answer.done())
        for (const auto& one : answer.json["rollouts"])
            if (!rollout_ended(one)) active += (active.empty() ? "" : ", ") + text_of(one["id"]);
    fmt::print(stderr, "switchyard: rollout {} needs the id of a rollout; {}\n", what,
               !answer.done()   ? "which are active is not known: " + safe_text(answer.text)
               : active.empty() ? "none is active"
                                : "active: " + active);
    return kUsage;
}

int run_rollout(Options options, const RolloutArguments& a) {
    // Only what sends more traffic can need it; a command that takes traffic away must not fail over a word too many.
    if (a.what != "start" && a.what != "promote") options.force = false;
    if (a.what == "start") return start_rollout(options, a.which);
    const std::string path = "/v1/rollouts" + (a.which.empty() ? "" : "/" + path_segment(a.which));
    if (a.what == "status")
        return show(options, path, [&](const Json& answer) {
            if (answer.contains("rollouts")) {
                if (answer["rollouts"].empty()) fmt::print("no rollouts\n");
                for (const auto& one : answer["rollouts"])
                    for (const auto& line : rollout_lines(one)) fmt::print("{}\n", line);
                return;
            }
            for (const auto& line : rollout_lines(answer)) fmt::print("{}\n", line);
        });
    if (a.which.empty()) return ask_which(options, a.what);
    if (a.what == "watch") return watch_rollout(options, a.which);
    const auto answer = send_change(options, "POST", path + "/" + a.what, nullptr);
    if (!answer.done()) return print_problem(options, answer);
    if (options.json)
        fmt::print("{}\n", json_text(answer.json));
    else
        for (const auto& line : rollout_lines(safe_json(answer.json))) fmt::print("{}\n", line);
    return kDone;
}

}  // namespace

void add_rollout(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "rollout", "Begin a rollout, look at it, and steer it",
                          "switchyard rollout start plan.json && switchyard rollout watch r1");
    auto a = std::make_shared<RolloutArguments>();
    verb->add_option("WHAT", a->what, "what to do with it")
        ->required()
        ->check(CLI::IsMember({"start", "status", "watch", "promote", "pause", "resume", "abort"}));
    add_call_options(*verb, options);
    add_force_option(*verb, options);
    verb->add_option("FILE-OR-ID", a->which, "start: the plan's file; else the rollout's id (status: all without it)");
    verb->callback([&, a] {
        if (a->what == "start" && a->which.empty()) throw CLI::RequiredError("FILE-OR-ID");
        action = [&, a] { return run_rollout(options, *a); };
    });
}

}  // namespace switchyard::control::cli
