// The steps that the release before knew: all of this one's but the newest.
#include "forum/store/embedded_migrations.h"

#include <span>

#include "forum/store/migrations.h"

namespace forum {

const std::vector<Migration>& embedded_migrations() {
    static const std::vector<Migration> migrations = [] {
        std::vector<Migration> all;
        for (const EmbeddedFile& file : std::span(kEmbeddedMigrations).first(std::size(kEmbeddedMigrations) - 1)) {
            all.push_back(parse_migration(file.name, std::string(file.text)));
        }
        return all;
    }();
    return migrations;
}

}  // namespace forum
