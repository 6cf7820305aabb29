#include "forum/store/engine/mariadb/server_check.h"

#include <charconv>
#include <string>
#include <vector>

#include "forum/store/engine/mariadb/session.h"

namespace forum {

namespace {

constexpr int kOldestMajor = 10;
constexpr int kOldestMinor = 6;
constexpr std::string_view kCollation = "utf8mb4_nopad_bin";
// Blue and green run beside each other; a few more are for backups, and for the people who look after the server.
constexpr std::int64_t kProgramsAtATime = 2;
constexpr std::int64_t kConnectionsOfOthers = 10;

class Complaints {
  public:
    void add(const std::string& what) { all_ += "\n  - " + what; }
    void raise_if_any(const MariadbAddress& address) const {
        if (!all_.empty()) throw StoreError(address.shown() + " cannot keep what the forum promises:" + all_);
    }

  private:
    std::string all_;
};

std::string text_from(DatabaseSession& session, std::string_view sql) {
    const auto statement = session.prepare(sql);
    return statement->step() ? std::string(statement->view(0)) : std::string();
}

bool is_new_enough(std::string_view version) {
    int major = 0;
    int minor = 0;
    const auto parsed = std::from_chars(version.data(), version.data() + version.size(), major);
    if (parsed.ptr != version.data() + version.size() && *parsed.ptr == '.') {
        std::from_chars(parsed.ptr + 1, version.data() + version.size(), minor);
    }
    return major > kOldestMajor || (major == kOldestMajor && minor >= kOldestMinor);
}

void look_at_version(DatabaseSession& session, Complaints& complaints) {
    const std::string version = text_from(session, "SELECT version()");
    if (version.find("MariaDB") == std::string::npos) {
        complaints.add("the server is no MariaDB but " + version +
                       ", which has other collations; use MariaDB 10.6 or newer");
    } else if (!is_new_enough(version)) {
        complaints.add("the server's version is " + version + "; MariaDB 10.6 or newer is needed");
    }
}

void look_at_meaning(DatabaseSession& session, const MariadbAddress& address, Complaints& complaints) {
    const std::string collation = text_from(session, "SELECT @@collation_database");
    if (collation != kCollation) {
        complaints.add("the collation of the database is " + collation +
                       ", to which different texts are equal; before there are tables: ALTER DATABASE `" +
                       address.database + "` CHARACTER SET utf8mb4 COLLATE " + std::string(kCollation));
    }
    const std::string mode = text_from(session, "SELECT @@global.sql_mode");
    if (mode.find("STRICT_TRANS_TABLES") == std::string::npos && mode.find("STRICT_ALL_TABLES") == std::string::npos) {
        complaints.add(
            "sql_mode of the server is not strict, so what writes beside the forum cuts texts without a word; "
            "sql_mode = STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION under [mariadbd], and SET GLOBAL of the same");
    }
}

void look_at_durability(DatabaseSession& session, const MariadbAddress& address, Complaints& complaints) {
    if (address.trust_durability) return;
    constexpr std::string_view kOr = ", or durability=server in the address, if the last second may be lost";
    const std::int64_t flush = number_from(session, "SELECT @@innodb_flush_log_at_trx_commit");
    if (flush != 1) {
        complaints.add("innodb_flush_log_at_trx_commit is " + std::to_string(flush) +
                       ": what was answered with 2xx may not be on disk; set it to 1" + std::string(kOr));
    }
    const std::int64_t synced = number_from(session, "SELECT @@sync_binlog");
    if (number_from(session, "SELECT @@log_bin") != 0 && synced != 1) {
        complaints.add("sync_binlog is " + std::to_string(synced) +
                       " while the binary log is on: after a crash the two may differ; set it to 1" + std::string(kOr));
    }
}

void look_at_limits(DatabaseSession& session, const MariadbAddress& address, Complaints& complaints) {
    const std::int64_t needed = kProgramsAtATime * address.connections + kConnectionsOfOthers;
    const std::int64_t possible = number_from(session, "SELECT @@max_connections");
    const std::int64_t of_user = number_from(session, "SELECT @@max_user_connections");
    const std::int64_t most = of_user > 0 && of_user < possible ? of_user : possible;
    if (needed > most) {
        complaints.add("two programs with " + std::to_string(address.connections) + " connections each, and " +
                       std::to_string(kConnectionsOfOthers) + " for others, are " + std::to_string(needed) +
                       "; the server lets in " + std::to_string(most) +
                       ": raise max_connections (and max_user_connections), or lower connections in the address");
    }
    const std::int64_t prepared =
        kProgramsAtATime * address.connections * static_cast<std::int64_t>(MariadbSession::kPreparedMost);
    const std::int64_t allowed = number_from(session, "SELECT @@max_prepared_stmt_count");
    if (prepared > allowed) {
        complaints.add("two programs prepare up to " + std::to_string(prepared) +
                       " statements; max_prepared_stmt_count is " + std::to_string(allowed) +
                       ": raise it, or lower connections in the address");
    }
}

}  // namespace

void require_fit_server(DatabaseSession& session, const MariadbAddress& address) {
    Complaints complaints;
    look_at_version(session, complaints);
    look_at_meaning(session, address, complaints);
    look_at_durability(session, address, complaints);
    look_at_limits(session, address, complaints);
    complaints.raise_if_any(address);
}

void require_rights(DatabaseSession& session, const MariadbAddress& address) {
    // The server looks at rights when it prepares; nothing is run.
    static constexpr std::string_view kNeeded[] = {
        "SELECT slot FROM change_counters", "INSERT INTO change_counters (slot, value) VALUES (0, 0)",
        "UPDATE change_counters SET value = 0 WHERE slot = 0", "DELETE FROM change_counters WHERE slot = 0"};
    Complaints complaints;
    for (const std::string_view statement : kNeeded) {
        try {
            (void)session.prepare(statement);
        } catch (const StoreError& e) {
            if (e.failure() == StoreFailure::gone) throw;
            const std::string verb(statement.substr(0, statement.find(' ')));
            complaints.add("the user may not " + verb + "; GRANT SELECT, INSERT, UPDATE, DELETE ON `" +
                           address.database + "`.* TO the user (" + e.what() + ')');
        }
    }
    complaints.raise_if_any(address);
}

}  // namespace forum
