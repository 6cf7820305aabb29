#include "forum/server/verbs.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <map>

#include "forum/api/key_ring.h"
#include "forum/server/settings.h"
#include "forum/store/migration_lint.h"
#include "forum/store/migrations.h"
#include "forum/store/seed.h"

namespace forum {

namespace {

using Flags = std::map<std::string, std::string, std::less<>>;

Flags flags_of(const std::vector<std::string>& arguments, std::size_t from,
               const std::vector<std::string_view>& known) {
    Flags flags;
    for (std::size_t i = from; i < arguments.size(); i += 2) {
        bool fits = false;
        for (const std::string_view name : known) fits = fits || arguments[i] == "--" + std::string(name);
        if (!fits) throw SettingsError("there is no flag " + arguments[i] + " of this verb; see forum --help");
        if (i + 1 == arguments.size()) throw SettingsError(arguments[i] + " needs a value");
        flags[arguments[i].substr(2)] = arguments[i + 1];
    }
    return flags;
}

std::string required(const Flags& flags, std::string_view name) {
    const auto found = flags.find(name);
    if (found == flags.end()) throw SettingsError("--" + std::string(name) + " is needed");
    return found->second;
}

int number_or(const Flags& flags, std::string_view name, int otherwise) {
    const auto found = flags.find(name);
    if (found == flags.end()) return otherwise;
    constexpr int kMost = 10'000'000;  // more than that is a mistyped number
    const std::string& text = found->second;
    int number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || number < 0 || number > kMost) {
        throw SettingsError(fmt::format("--{}: expected a number from 0 to {}, got '{}'", name, kMost, text));
    }
    return number;
}

std::string existing_database(const Flags& flags) {
    const std::string file = required(flags, "database");
    if (!std::filesystem::exists(file)) throw StoreError("there is no database " + file);
    return file;
}

int seed_verb(const std::vector<std::string>& arguments) {
    const Flags flags = flags_of(arguments, 0, {"database", "posts", "users", "comments"});
    const SeedAmounts amounts{number_or(flags, "posts", 100), number_or(flags, "users", 50),
                              number_or(flags, "comments", 300)};
    Connection connection(required(flags, "database"), Connection::Mode::read_write);
    migrate_up(connection, embedded_migrations());
    seed(connection, amounts);
    fmt::print("seeded {} posts, {} users, {} comments\n", amounts.posts, amounts.users, amounts.comments);
    return 0;
}

int check_migrations(const std::vector<Migration>& migrations) {
    const std::vector<LintComplaint> complaints = lint_migrations(migrations, embedded_releases());
    for (const LintComplaint& complaint : complaints) fmt::print("{}: {}\n", complaint.migration, complaint.what);
    if (complaints.empty()) fmt::print("{} migrations, none breaks the version before it\n", migrations.size());
    return complaints.empty() ? 0 : 1;
}

// What forum/store/releases/ keeps of this release.
int print_statements() {
    fmt::print("-- Written by `forum migrate statements`; see README.md.\n");
    for (const std::string& statement : statements_of_program()) fmt::print("{}\n", statement);
    return 0;
}

int migrate_verb(const std::vector<std::string>& arguments) {
    const std::string what = arguments.empty() ? "" : arguments[0];
    if (what == "statements" && arguments.size() == 1) return print_statements();
    if (what != "status" && what != "up" && what != "check")
        throw SettingsError("forum migrate needs status, up, check or statements");
    const Flags flags = flags_of(arguments, 1, {"database", "directory"});
    const auto directory = flags.find("directory");
    const auto migrations = migrations_with(directory == flags.end() ? "" : directory->second);
    if (what == "check") return check_migrations(migrations);
    // Looking makes nothing: a mistyped name is told, and leaves no empty file behind.
    const std::string file = what == "up" ? required(flags, "database") : existing_database(flags);
    Connection connection(file, Connection::Mode::read_write);
    if (what == "up") {
        for (const std::string& name : migrate_up(connection, migrations)) fmt::print("applied {}\n", name);
    }
    const SchemaStatus status = schema_status(connection, migrations);
    fmt::print("schema version {}, this program knows {}, oldest program allowed {}\n", status.applied, status.known,
               status.oldest_program);
    for (const std::string& name : status.pending) fmt::print("pending {}\n", name);
    return 0;
}

int backup_verb(const std::vector<std::string>& arguments) {
    const Flags flags = flags_of(arguments, 0, {"database", "to"});
    const std::string to = required(flags, "to");
    if (std::filesystem::exists(to)) throw StoreError(to + " exists already; backups overwrite nothing");
    Connection connection(existing_database(flags), Connection::Mode::read_only);
    connection.backup_to(to);
    fmt::print("backed up to {}\n", to);
    return 0;
}

int keys_verb(const std::vector<std::string>& arguments) {
    if (arguments.empty() || arguments[0] != "rotate") throw SettingsError("forum keys needs rotate");
    const Flags flags = flags_of(arguments, 1, {"database"});
    Store store(existing_database(flags), kMinute);
    KeyRing keys(store);
    fmt::print("signing with {}; keys before verify for another hour\n", keys.rotate(kHour).kid);
    return 0;
}

}  // namespace

Verb verb_named(std::string_view name) {
    if (name == "seed") return &seed_verb;
    if (name == "migrate") return &migrate_verb;
    if (name == "backup") return &backup_verb;
    if (name == "keys") return &keys_verb;
    return nullptr;
}

}  // namespace forum
