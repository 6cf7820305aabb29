#include "forum/store/migrations.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "forum/domain/instant.h"

namespace forum {

namespace {

constexpr std::string_view kPhaseMark = "-- phase: ";
constexpr std::string_view kOldestMark = "-- oldest-program: ";

constexpr const char* kVersionTable =
    "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, "
    "oldest_program INTEGER NOT NULL, applied_at BIGINT NOT NULL)";

std::string_view line_after(std::string_view text, std::string_view mark) {
    const std::size_t at = text.find(mark);
    if (at == std::string_view::npos || (at != 0 && text[at - 1] != '\n')) return {};
    const std::string_view rest = text.substr(at + mark.size());
    return rest.substr(0, rest.find('\n'));
}

std::optional<int> number_from(std::string_view text) {
    int value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

Migration parse_migration(std::string_view file_name, std::string sql) {
    Migration migration;
    migration.name = file_name.substr(0, file_name.find('.'));
    const auto version = number_from(file_name.substr(0, 4));
    if (!version || *version < 1 || file_name.size() < 6 || file_name[4] != '_') {
        throw StoreError("migration " + std::string(file_name) + ": the name must be NNNN_name.sql");
    }
    migration.version = *version;
    const std::string_view phase = line_after(sql, kPhaseMark);
    if (phase == "expand") {
        migration.phase = Phase::expand;
    } else if (phase == "migrate") {
        migration.phase = Phase::migrate;
    } else if (phase == "contract") {
        migration.phase = Phase::contract;
        const auto oldest = number_from(line_after(sql, kOldestMark));
        if (!oldest) throw StoreError("migration " + migration.name + ": a contract step needs -- oldest-program: N");
        migration.oldest_program = *oldest;
    } else {
        throw StoreError("migration " + migration.name + ": the first line must be -- phase: expand|migrate|contract");
    }
    migration.sql = std::move(sql);
    return migration;
}

std::vector<Migration> migrations_with(const std::string& directory, EngineKind engine) {
    std::vector<Migration> all = embedded_migrations(engine);
    if (directory.empty()) return all;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        if (entry.path().extension() == ".sql") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const auto& path : files) {
        std::ifstream in(path, std::ios::binary);
        Migration next = parse_migration(path.filename().string(), std::string(std::istreambuf_iterator<char>(in), {}));
        if (next.version <= all.back().version) {
            throw StoreError("migration " + next.name + ": its number must come after " + all.back().name);
        }
        all.push_back(std::move(next));
    }
    return all;
}

SchemaStatus schema_status(Connection& connection, const std::vector<Migration>& migrations) {
    SchemaStatus status;
    status.known = migrations.back().version;
    if (connection.session().has_table("schema_migrations")) {
        Query row = connection.query(
            "SELECT ifnull(max(version), 0), ifnull(max(oldest_program), 0) FROM schema_migrations"_sql);
        row.step();
        status.applied = static_cast<int>(row.integer(0));
        status.oldest_program = static_cast<int>(row.integer(1));
    }
    for (const Migration& migration : migrations) {
        if (migration.version > status.applied) status.pending.push_back(migration.name);
    }
    return status;
}

void make_version_table(Connection& connection) {
    connection.execute(kVersionTable);
}

std::vector<std::string> migrate_up(Connection& connection, const std::vector<Migration>& migrations) {
    std::vector<std::string> applied;
    if (schema_status(connection, migrations).pending.empty()) return applied;
    make_version_table(connection);
    for (const Migration& migration : migrations) {
        const SchemaStep step{migration.version, migration.name, migration.sql, migration.oldest_program, now()};
        if (connection.session().apply_step(step)) applied.push_back(migration.name);
    }
    return applied;
}

void require_usable_schema(const SchemaStatus& status) {
    if (status.applied < status.known) {
        throw StoreError("the database is at schema version " + std::to_string(status.applied) +
                         ", this program needs " + std::to_string(status.known) + ": run `forum migrate up`");
    }
    if (status.known < status.oldest_program) {
        throw StoreError("the database needs programs of schema version " + std::to_string(status.oldest_program) +
                         " or newer, this one knows " + std::to_string(status.known) + ": install a newer release");
    }
}

}  // namespace forum
