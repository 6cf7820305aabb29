#include "forum/store/statement.h"

#include <map>

namespace forum {

namespace {

// Each text with the one engine that knows it, or none. Made by the first that needs it: texts are listed before main()
// in no particular order.
std::map<std::string, std::optional<EngineKind>>& listed() {
    static std::map<std::string, std::optional<EngineKind>> texts;
    return texts;
}

}  // namespace

bool list_statement(std::string_view text, std::optional<EngineKind> only) {
    listed().emplace(text, only);
    return true;
}

std::vector<std::string> statements_of_program(EngineKind engine) {
    std::vector<std::string> texts;
    for (const auto& [text, only] : listed()) {
        if (!only || *only == engine) texts.push_back(text);
    }
    return texts;
}

}  // namespace forum
