#include "forum/server/verbs.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <map>

#include "forum/api/key_ring.h"
#include "forum/server/settings.h"
#include "forum/store/backup.h"
#include "forum/store/copy.h"
#include "forum/store/mariadb_lint.h"
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

std::string text_or(const Flags& flags, std::string_view name, std::string_view otherwise) {
    const auto found = flags.find(name);
    return found == flags.end() ? std::string(otherwise) : found->second;
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

// A server says by itself what it does not have.
void require_there(const std::string& address) {
    if (kind_of(address) != EngineKind::sqlite) return;
    const std::string file = file_of(address);
    if (!std::filesystem::exists(file)) throw StoreError("there is no database " + file);
}

std::string existing_database(const Flags& flags) {
    std::string address = required(flags, "database");
    require_there(address);
    return address;
}

int seed_verb(const std::vector<std::string>& arguments) {
    const Flags flags = flags_of(arguments, 0, {"database", "posts", "users", "comments"});
    const SeedAmounts amounts{number_or(flags, "posts", 100), number_or(flags, "users", 50),
                              number_or(flags, "comments", 300)};
    const auto engine = engine_at(required(flags, "database"));
    engine->require_fit();
    Connection connection(engine->open(Purpose::maintaining));
    migrate_up(connection, embedded_migrations(engine->kind()));
    seed(connection, amounts);
    fmt::print("seeded {} posts, {} users, {} comments\n", amounts.posts, amounts.users, amounts.comments);
    return 0;
}

// `scratch` is the address of a server on which a database may be made for a moment; empty: the steps for SQLite.
int check_migrations(const std::string& directory, const std::string& scratch) {
    const EngineKind kind = kind_of(scratch);
    const auto migrations = migrations_with(directory, kind);
    std::vector<LintComplaint> complaints;
    if (kind == EngineKind::mariadb) {
        complaints = lint_mariadb_migrations(migrations, embedded_releases(kind),
                                             *engine_at(scratch)->open(Purpose::maintaining));
    } else {
        complaints = lint_migrations(migrations, embedded_releases());
    }
    for (const LintComplaint& complaint : complaints) fmt::print("{}: {}\n", complaint.migration, complaint.what);
    if (complaints.empty()) fmt::print("{} migrations, none breaks the version before it\n", migrations.size());
    return complaints.empty() ? 0 : 1;
}

// What forum/store/releases/ keeps of this release.
int print_statements(const std::string& engine) {
    if (engine != "sqlite" && engine != "mariadb") throw SettingsError("--engine: expected sqlite or mariadb");
    const EngineKind kind = engine == "mariadb" ? EngineKind::mariadb : EngineKind::sqlite;
    fmt::print("-- Written by `forum migrate statements`; see README.md.\n");
    for (const std::string& statement : statements_of_program(kind)) fmt::print("{}\n", statement);
    return 0;
}

int migrate_verb(const std::vector<std::string>& arguments) {
    const std::string what = arguments.empty() ? "" : arguments[0];
    if (what != "status" && what != "up" && what != "check" && what != "statements")
        throw SettingsError("forum migrate needs status, up, check or statements");
    if (what == "statements") return print_statements(text_or(flags_of(arguments, 1, {"engine"}), "engine", "sqlite"));
    if (what == "check") {
        const Flags flags = flags_of(arguments, 1, {"directory", "scratch"});
        return check_migrations(text_or(flags, "directory", ""), text_or(flags, "scratch", ""));
    }
    const Flags flags = flags_of(arguments, 1, {"database", "directory"});
    const std::string directory = text_or(flags, "directory", "");
    // Looking makes nothing: a mistyped name is told, and leaves no empty file behind.
    const std::string address = what == "up" ? required(flags, "database") : existing_database(flags);
    const auto engine = engine_at(address);
    const auto migrations = migrations_with(directory, engine->kind());
    if (what == "up") engine->require_fit();
    Connection connection(engine->open(Purpose::maintaining));
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
    const std::string from = existing_database(flags);
    if (kind_of(from) == EngineKind::mariadb) {
        throw SettingsError(
            "forum backup copies a SQLite file; a server's own tool: mariadb-dump --single-transaction "
            "--routines=0 NAME > " +
            to + " (docs/databases.md)");
    }
    back_up(from, to);
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

// Into a new database, which is made ready first.
int copy_verb(const std::vector<std::string>& arguments) {
    const Flags flags = flags_of(arguments, 0, {"from", "to"});
    const std::string source = required(flags, "from");
    require_there(source);
    const auto target = engine_at(required(flags, "to"));
    target->require_fit();
    Connection from(source, Connection::Mode::read_only);
    Connection to(target->open(Purpose::maintaining));
    require_usable_schema(schema_status(from, embedded_migrations(kind_of(source))));
    migrate_up(to, embedded_migrations(target->kind()));
    copy_forum(from, to,
               [](std::string_view table, std::int64_t rows) { fmt::print("copied {} rows of {}\n", rows, table); });
    fmt::print("every table was read back and is the same; the full-text index is made anew\n");
    return 0;
}

int version_verb(const std::vector<std::string>& arguments) {
    (void)flags_of(arguments, 0, {});
    fmt::print("forum, schema version {}, engines: {}\n", embedded_migrations().back().version, engines_built_in());
    return 0;
}

}  // namespace

Verb verb_named(std::string_view name) {
    if (name == "seed") return &seed_verb;
    if (name == "migrate") return &migrate_verb;
    if (name == "backup") return &backup_verb;
    if (name == "keys") return &keys_verb;
    if (name == "copy") return &copy_verb;
    if (name == "version") return &version_verb;
    return nullptr;
}

}  // namespace forum
