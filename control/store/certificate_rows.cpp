#include "control/store/certificate_rows.h"

#include <vector>

namespace switchyard::control::certificate_rows {

void put(Database& db, std::uint64_t generation, const std::map<std::string, std::string>& certificates) {
    if (certificates.empty()) return;
    db.db.exec("CREATE TABLE IF NOT EXISTS certificates (generation INTEGER PRIMARY KEY, list TEXT NOT NULL)");
    std::vector<std::string> lines;
    for (const auto& [name, sha256] : certificates) lines.push_back(sha256 + ' ' + name);
    auto& s = db.statement("INSERT OR REPLACE INTO certificates VALUES (?, ?)");
    s.bind(1, signed_of(generation));
    s.bind(2, packed(lines));
    s.exec();
}

std::map<std::string, std::string> of(Database& db, std::uint64_t generation) {
    std::map<std::string, std::string> out;
    if (!db.db.tableExists("certificates")) return out;
    auto& s = db.statement("SELECT list FROM certificates WHERE generation = ?");
    s.bind(1, signed_of(generation));
    if (s.executeStep())
        for (const auto& line : unpacked(s.getColumn(0).getString()))
            if (const auto space = line.find(' '); space != line.npos)
                out[line.substr(space + 1)] = line.substr(0, space);
    s.reset();
    return out;
}

void forget(Database& db) {
    if (!db.db.tableExists("certificates")) return;
    db.statement("DELETE FROM certificates WHERE generation NOT IN (SELECT number FROM generations)").exec();
}

}  // namespace switchyard::control::certificate_rows
