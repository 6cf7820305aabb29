// The text of an SQL statement that is known when the program is built: "SELECT …"_sql.
//
// One text serves all engines: it is written in what they have in common – ON CONFLICT (…) DO as the one upsert, CASE
// for the greater of two, "key" in quotes, a LIMIT in IN (…) one level deeper, aliases for all that is derived –, and
// what is left an engine rewrites when it prepares. The few texts of which no rule makes the other are marked with
// their engine.
//
// Every such text enters a list before main() begins, whether it ever runs or not. So the list is all that this program
// can ask of a database, and it need not be remembered and written down: a release is recorded from it, and the linter
// refuses a migration that breaks what an older release asks for.
//
// Threads: the list is complete before there are any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forum/store/engine/database_session.h"

namespace forum {

// For the few texts that are put together: each form that one can have must be listed, before main() begins. `only`
// names the engine of a text that others do not know.
bool list_statement(std::string_view text, std::optional<EngineKind> only = std::nullopt);

// What is asked of an engine. Sorted, each once.
std::vector<std::string> statements_of_program(EngineKind engine = EngineKind::sqlite);

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
    template <StatementText Text>
    friend Statement operator""_sqlite_sql();
    template <StatementText Text>
    friend Statement operator""_mariadb_sql();
    explicit Statement(std::string_view text) : text_(text) {}
    std::string_view text_;
};

template <StatementText Text>
inline const bool kListed = list_statement(Text.view());
template <StatementText Text, EngineKind Only>
inline const bool kListedOf = list_statement(Text.view(), Only);

template <StatementText Text>
Statement operator""_sql() {
    (void)kListed<Text>;
    return Statement(Text.view());
}

template <StatementText Text>
Statement operator""_sqlite_sql() {
    (void)kListedOf<Text, EngineKind::sqlite>;
    return Statement(Text.view());
}

template <StatementText Text>
Statement operator""_mariadb_sql() {
    (void)kListedOf<Text, EngineKind::mariadb>;
    return Statement(Text.view());
}

}  // namespace forum
