// The steps that the release before knew: all of this one's but the newest.
#include "forum/store/embedded_migrations.h"

#include <span>

#include "forum/store/embedded_mariadb_migrations.h"
#include "forum/store/migrations.h"

namespace forum {

namespace {

std::vector<Migration> all_but_newest(std::span<const EmbeddedFile> files) {
    std::vector<Migration> all;
    for (const EmbeddedFile& file : files.first(files.size() - 1)) {
        all.push_back(parse_migration(file.name, std::string(file.text)));
    }
    return all;
}

}  // namespace

const std::vector<Migration>& embedded_migrations(EngineKind engine) {
    static const std::vector<Migration> sqlite = all_but_newest(kEmbeddedMigrations);
    static const std::vector<Migration> mariadb = all_but_newest(kEmbeddedMariadbMigrations);
    return engine == EngineKind::mariadb ? mariadb : sqlite;
}

}  // namespace forum
