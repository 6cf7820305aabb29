#include "forum/store/embedded_migrations.h"

#include "forum/store/migrations.h"

namespace forum {

const std::vector<Migration>& embedded_migrations() {
    static const std::vector<Migration> migrations = [] {
        std::vector<Migration> all;
        for (const EmbeddedFile& file : kEmbeddedMigrations) {
            all.push_back(parse_migration(file.name, std::string(file.text)));
        }
        return all;
    }();
    return migrations;
}

}  // namespace forum
