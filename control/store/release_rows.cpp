#include "control/store/release_rows.h"

namespace switchyard::control::release_rows {

void put(Database& db, const std::string& id, const std::string& text) {
    db.db.exec("CREATE TABLE IF NOT EXISTS releases (id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID");
    auto& s = db.statement("INSERT INTO releases VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET text = excluded.text");
    s.bind(1, id);
    s.bind(2, text);
    s.exec();
}

void drop(Database& db, const std::vector<std::string>& ids) {
    if (!db.db.tableExists("releases")) return;
    auto& s = db.statement("DELETE FROM releases WHERE id = ?");
    for (const std::string& id : ids) {
        s.bind(1, id);
        s.exec();
        s.reset();
    }
}

std::map<std::string, std::string> all(Database& db) {
    std::map<std::string, std::string> out;
    if (!db.db.tableExists("releases")) return out;
    auto& s = db.statement("SELECT id, text FROM releases");
    while (s.executeStep()) out[s.getColumn(0).getString()] = s.getColumn(1).getString();
    s.reset();
    return out;
}

}  // namespace switchyard::control::release_rows
