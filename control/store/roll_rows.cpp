#include "control/store/roll_rows.h"

namespace switchyard::control {

void put_rolls(Database& db, const RollRows& rows) {
    db.db.exec(
        "CREATE TABLE IF NOT EXISTS rolls (upstream TEXT PRIMARY KEY, source TEXT NOT NULL, list TEXT NOT NULL) "
        "WITHOUT ROWID");
    for (const auto& [upstream, row] : rows) {
        auto& drop = db.statement("DELETE FROM rolls WHERE upstream = ?");
        drop.bind(1, upstream);
        drop.exec();
        if (row.first.empty()) continue;
        auto& put = db.statement("INSERT INTO rolls VALUES (?, ?, ?)");
        put.bind(1, upstream);
        put.bind(2, row.first);
        put.bind(3, row.second);
        put.exec();
    }
}

RollRows read_rolls(Database& db) {
    RollRows out;
    if (!db.db.tableExists("rolls")) return out;
    auto& rows = db.statement("SELECT upstream, source, list FROM rolls");
    while (rows.executeStep())
        out[rows.getColumn(0).getString()] = {rows.getColumn(1).getString(), rows.getColumn(2).getString()};
    rows.reset();
    return out;
}

}  // namespace switchyard::control
