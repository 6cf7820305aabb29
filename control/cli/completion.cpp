// switchyard completion bash|zsh: a completion script, made from the verbs and options there are.
#include <fmt/format.h>

#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

// " add remove" of "TEXT:{add,remove}"; empty where any text will do.
std::string choices(const std::string& type) {
    const auto begin = type.find('{'), end = type.find('}');
    if (begin == std::string::npos || end == std::string::npos) return {};
    std::string out = type.substr(begin, end - begin);
    for (auto& c : out)
        if (c == '{' || c == ',') c = ' ';
    return out;
}

std::string script(const CLI::App& app) {
    std::string verbs, cases;
    for (const auto* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
        verbs += (verbs.empty() ? "" : " ") + verb->get_name();
        std::string options;
        for (const auto* option : verb->get_options()) {
            if (option->get_positional()) options += choices(option->get_type_name());
            for (const auto& name : option->get_lnames()) options += (options.empty() ? "--" : " --") + name;
        }
        cases += fmt::format("        {}) words=\"{}\" ;;\n", verb->get_name(), options);
    }
    return "_switchyard() {\n"
           "    local current=\"${COMP_WORDS[COMP_CWORD]}\" words=\"" +
           verbs +
           "\"\n"
           "    if [ \"$COMP_CWORD\" -gt 1 ]; then case \"${COMP_WORDS[1]}\" in\n" +
           cases +
           "    esac; fi\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
           // Where no word fits, files: zsh's compgen -f would not look at what is typed.
           "}\ncomplete -o default -F _switchyard switchyard\n";
}

}  // namespace

void add_completion(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("completion", "Print a completion script for the shell");
    verb->footer("\nExample:\n  source <(switchyard completion bash)");
    auto shell = std::make_shared<std::string>("bash");
    verb->add_option("SHELL", *shell, "whose words to speak")
        ->check(CLI::IsMember({"bash", "zsh"}))
        ->capture_default_str();
    verb->callback([&app, &action, shell] {
        action = [&app, shell] {
            if (*shell == "zsh") fmt::print("autoload -U +X bashcompinit && bashcompinit\n");
            fmt::print("{}", script(app));
            return kDone;
        };
    });
}

}  // namespace switchyard::control::cli
