#include "forum/store/statement.h"

#include <set>

namespace forum {

namespace {

// Made by the first that needs it: texts are listed before main() in no particular order.
std::set<std::string>& listed() {
    static std::set<std::string> texts;
    return texts;
}

}  // namespace

bool list_statement(std::string_view text) {
    listed().emplace(text);
    return true;
}

std::vector<std::string> statements_of_program() {
    return {listed().begin(), listed().end()};
}

}  // namespace forum
