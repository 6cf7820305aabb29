#include "control/store/address_rows.h"

namespace switchyard::control {

void put_addresses(Database& db, const std::map<std::string, std::vector<std::string>>& rows) {
    db.db.exec("CREATE TABLE IF NOT EXISTS addresses (name TEXT PRIMARY KEY, list TEXT NOT NULL) WITHOUT ROWID");
    for (const auto& [name, addresses] : rows) {
        auto& drop = db.statement("DELETE FROM addresses WHERE name = ?");
        drop.bind(1, name);
        drop.exec();
        if (addresses.empty()) continue;
        auto& put = db.statement("INSERT INTO addresses VALUES (?, ?)");
        put.bind(1, name);
        put.bind(2, packed(addresses));
        put.exec();
    }
}

std::map<std::string, std::vector<std::string>> read_addresses(Database& db) {
    std::map<std::string, std::vector<std::string>> out;
    if (!db.db.tableExists("addresses")) return out;
    auto& rows = db.statement("SELECT name, list FROM addresses");
    while (rows.executeStep()) out[rows.getColumn(0).getString()] = unpacked(rows.getColumn(1).getString());
    rows.reset();
    return out;
}

}  // namespace switchyard::control
