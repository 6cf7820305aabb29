// The text of an SQL statement that is known when the program is built: "SELECT …"_sql.
//
// Every such text enters a list before main() begins, whether it ever runs or not. So the list is all that this program
// can ask of a database, and it need not be remembered and written down: a release is recorded from it, and the linter
// refuses a migration that breaks what an older release asks for.
//
// Threads: the list is complete before there are any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace forum {

// For the few texts that are put together: each form that one can have must be listed, before main() begins.
bool list_statement(std::string_view text);

// Sorted, each once.
std::vector<std::string> statements_of_program();

template <std::size_t Size>
struct StatementText {
    char characters[Size] = {};
    consteval StatementText(const char (&text)[Size]) { std::copy_n(text, Size, characters); }
    constexpr std::string_view view() const { return {characters, Size - 1}; }
};

class Statement {
  public:
    std::string_view text() const { return text_; }

  private:
    template <StatementText Text>
    friend Statement operator""_sql();
    explicit Statement(std::string_view text) : text_(text) {}
    std::string_view text_;
};

template <StatementText Text>
inline const bool kListed = list_statement(Text.view());

template <StatementText Text>
Statement operator""_sql() {
    (void)kListed<Text>;
    return Statement(Text.view());
}

}  // namespace forum
