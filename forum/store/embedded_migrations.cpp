#include "forum/store/embedded_migrations.h"

#include <span>

#include "forum/store/embedded_mariadb_migrations.h"
#include "forum/store/migrations.h"

namespace forum {

namespace {

std::vector<Migration> parsed(std::span<const EmbeddedFile> files) {
    std::vector<Migration> all;
    for (const EmbeddedFile& file : files) all.push_back(parse_migration(file.name, std::string(file.text)));
    return all;
}

}  // namespace

const std::vector<Migration>& embedded_migrations(EngineKind engine) {
    static const std::vector<Migration> sqlite = parsed(kEmbeddedMigrations);
    static const std::vector<Migration> mariadb = parsed(kEmbeddedMariadbMigrations);
    return engine == EngineKind::mariadb ? mariadb : sqlite;
}

}  // namespace forum
