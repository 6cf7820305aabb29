#include "control/cli/fish_completion.h"

#include <fmt/format.h>

namespace switchyard::control::cli {
namespace {

// As one word of fish: in quotes, where only these two mean more than themselves.
std::string in_quotes(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + "'";
}

bool is_flag(const CLI::Option& option) {
    return option.get_expected_max() == 0;
}

std::string lines_of(const CLI::App& verb) {
    const auto here = "complete -c switchyard -n '__fish_seen_subcommand_from " + verb.get_name() + "'";
    std::string out;
    for (const auto* option : verb.get_options()) {
        const auto words = choices(option->get_type_name());
        const auto about = option->get_description();
        for (const auto& name : option->get_lnames())
            out += fmt::format("{} -l {}{}{}{}\n", here, name, is_flag(*option) ? "" : " -r",
                               words.empty() ? "" : " -f -a " + in_quotes(words.substr(1)), " -d " + in_quotes(about));
        if (option->get_positional() && !words.empty())
            out += fmt::format("{} -f -a {}\n", here, in_quotes(words.substr(1)));
    }
    for (const auto* below : verb.get_subcommands([](const CLI::App*) { return true; }))
        out += fmt::format("{} -f -a {} -d {}\n", here, below->get_name(), in_quotes(below->get_description()));
    return out;
}

// Verbs whose words are names of the running process.
std::string names(const char* verbs, const char* what) {
    return fmt::format(
        "complete -c switchyard -n '__fish_seen_subcommand_from {}' -f -a '(switchyard completion --names {} "
        "2>/dev/null)'\n",
        verbs, what);
}

}  // namespace

std::string choices(const std::string& type) {
    const auto begin = type.find('{'), end = type.find('}');
    if (begin == std::string::npos || end == std::string::npos) return {};
    std::string out = type.substr(begin, end - begin);
    for (auto& c : out)
        if (c == '{' || c == ',') c = ' ';
    return out;
}

std::string fish_completion(const CLI::App& app) {
    std::string out;
    for (const auto* verb : app.get_subcommands([](const CLI::App*) { return true; }))
        out += fmt::format("complete -c switchyard -n __fish_use_subcommand -f -a {} -d {}\n", verb->get_name(),
                           in_quotes(verb->get_description()));
    for (const auto* verb : app.get_subcommands([](const CLI::App*) { return true; })) out += lines_of(*verb);
    out += names("switch split hold resume deploy releases", "routes");
    out += names("switch split wait upstream endpoint", "upstreams");
    return out;
}

}  // namespace switchyard::control::cli
