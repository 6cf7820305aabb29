#include "control/cli/slip.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "config/text/nearest.h"
#include "control/cli/exit_code.h"

namespace switchyard::control::cli {
namespace {

const CLI::App* chosen_verb(const CLI::App& app) {
    const auto verbs = app.get_subcommands();
    return verbs.empty() ? nullptr : verbs.front();
}

// The first line of its example.
std::string example_of(const CLI::App& verb) {
    constexpr std::string_view kHead = "Example:\n  ";
    const auto footer = verb.get_footer();
    const auto at = footer.find(kHead);
    if (at == std::string::npos) return {};
    const auto begin = at + kHead.size();
    return footer.substr(begin, std::min(footer.find('\n', begin), footer.size()) - begin);
}

std::string unexpected(const CLI::App& verb) {
    const auto extras = verb.remaining();
    const auto flag =
        std::find_if(extras.begin(), extras.end(), [](const auto& word) { return word.starts_with('-'); });
    if (flag == extras.end())
        return extras.empty() ? "a word too many" : fmt::format("\"{}\" is a word too many", extras.back());
    std::vector<std::string> known;
    for (const auto* option : verb.get_options())
        for (const auto& name : option->get_lnames()) known.push_back("--" + name);
    const std::string word = flag->substr(0, flag->find('='));
    const auto near = config::nearest(word, known);
    return fmt::format("it has no option {}{}", word, near ? fmt::format("; did you mean {}?", *near) : "");
}

std::string words_for(const CLI::App& verb, const CLI::ParseError& error) {
    std::string what = error.what();
    // By code: some carry the verb's name in place of their own.
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) return unexpected(verb);
    constexpr std::string_view kConvert = "Could not convert: ";
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ConversionError) && what.starts_with(kConvert))
        return what.substr(kConvert.size()) + ": expected a whole number";
    return what;
}

}  // namespace

int tell_usage(const CLI::App& app, const std::string& what) {
    const auto* verb = chosen_verb(app);
    constexpr std::string_view kDoneNothing = "nothing was done";
    fmt::print(stderr, "switchyard{}: {}{}\n", verb == nullptr ? "" : " " + verb->get_name(), what,
               what.find(kDoneNothing) == std::string::npos ? fmt::format("; {}", kDoneNothing) : "");
    if (verb == nullptr) return kUsage;
    if (const auto example = example_of(*verb); !example.empty()) fmt::print(stderr, "  such as: {}\n", example);
    fmt::print(stderr, "  switchyard {} --help tells the rest\n", verb->get_name());
    return kUsage;
}

int tell_slip(const CLI::App& app, const CLI::ParseError& error) {
    const auto* verb = chosen_verb(app);
    if (error.get_exit_code() == 0 || verb == nullptr) return app.exit(error) == 0 ? kDone : kUsage;
    return tell_usage(app, words_for(*verb, error));
}

std::string lost_value(const CLI::App& app) {
    const auto* verb = chosen_verb(app);
    if (verb == nullptr) return {};
    for (const auto* option : verb->get_options()) {
        if (option->count() == 0 || option->check_lname("reason")) continue;
        for (const auto& text : option->results()) {
            if (text.empty())
                return fmt::format("{} is empty: is a variable of the script not set?", option->get_name());
            if (option->get_type_name() == "UINT" && text.starts_with('-'))
                return fmt::format("{} = {}: expected a whole number, 0 or more", option->get_name(), text);
        }
    }
    return {};
}

}  // namespace switchyard::control::cli
