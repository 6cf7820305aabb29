// switchyard completion bash|zsh|fish: a completion script, made from the verbs and options there are.
#include <fmt/format.h>

#include "control/cli/fish_completion.h"
#include "control/cli/verbs.h"

namespace switchyard::control::cli {
namespace {

// What the running process calls its routes or upstreams, for the words of a script; nothing when it does not answer.
int print_names(const std::string& what) {
    const auto answer = AdminClient(ClientSettings{}).call("GET", "/v1/status");
    if (!answer.done() || !answer.json.is_object()) return kUnreachable;
    const auto named = safe_json(answer.json).value(what, Json());
    for (const auto& [key, value] : named.items())
        fmt::print("{}\n", value.is_object() && value.contains("name") ? value.value("name", "") : key);
    return kDone;
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
           "    case \"${COMP_WORDS[1]}:$COMP_CWORD\" in\n"
           "        switch:2|split:2|hold:2|resume:2|deploy:2|releases:2) words=\"$words $(switchyard completion "
           "--names routes "
           "2>/dev/null)\" ;;\n"
           "        switch:3) words=\"$words @candidate $(switchyard completion --names upstreams 2>/dev/null)\" ;;\n"
           "        split:*|wait:2|upstream:2|endpoint:3) words=\"$words $(switchyard completion --names upstreams "
           "2>/dev/null)\" ;;\n"
           "    esac\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
           // Where no word fits, files: zsh's compgen -f would not look at what is typed.
           "}\ncomplete -o default -F _switchyard switchyard\n";
}

// To be sourced, or found by zsh as the file _switchyard in its fpath: then it is a function, and its first call is a
// completion already.
std::string zsh_script(const CLI::App& app) {
    return "#compdef switchyard\nautoload -U +X bashcompinit && bashcompinit\n" + script(app) +
           "if [ \"${funcstack[1]}\" = _switchyard ]; then _bash_complete -o default -F _switchyard; fi\n";
}

}  // namespace

void add_completion(CLI::App& app, Action& action) {
    auto* verb = app.add_subcommand("completion", "Print a completion script for the shell");
    verb->footer("\nExample:\n  source <(switchyard completion bash)");
    auto shell = std::make_shared<std::string>("bash");
    verb->add_option("SHELL", *shell, "whose words to speak")
        ->check(CLI::IsMember({"bash", "zsh", "fish"}))
        ->capture_default_str();
    auto names = std::make_shared<std::string>();
    verb->add_option("--names", *names, "for the script: what the running process calls its routes or upstreams")
        ->check(CLI::IsMember({"routes", "upstreams"}));
    verb->callback([&app, &action, shell, names] {
        action = [&app, shell, names] {
            if (!names->empty()) return print_names(*names);
            fmt::print("{}", *shell == "fish" ? fish_completion(app) : *shell == "zsh" ? zsh_script(app) : script(app));
            return kDone;
        };
    });
}

}  // namespace switchyard::control::cli
