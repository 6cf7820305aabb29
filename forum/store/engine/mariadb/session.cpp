#include "forum/store/engine/mariadb/session.h"

#include <mutex>
#include <new>
#include <vector>

#include "forum/store/engine/mariadb/failures.h"
#include "forum/store/engine/mariadb/steps.h"

namespace forum {

namespace {

constexpr unsigned kConnectSeconds = 2;
// Beyond what a statement may take by the server's own clock a vanished server holds a thread no longer.
constexpr unsigned kReadSeconds = 2;
constexpr unsigned kWriteSeconds = 5;
constexpr unsigned kSilenceSeconds = 1;
// Waiting for the turn, as long as a change waits by default.
constexpr unsigned kLockSeconds = 5;
// A program that was frozen gives the turn back: its transaction is undone.
constexpr unsigned kIdleInTransactionSeconds = 2;

std::string setting_up(Purpose purpose) {
    std::string sql =
        "SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin, autocommit = 1, innodb_lock_wait_timeout = " +
        std::to_string(kLockSeconds) +
        ", sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,ANSI_QUOTES'";
    if (purpose == Purpose::reading) {
        return sql + ", tx_isolation = 'REPEATABLE-READ', max_statement_time = " + std::to_string(kReadSeconds);
    }
    // Each statement sees what was committed before it: a snapshot from before the turn would be too old.
    sql += ", tx_isolation = 'READ-COMMITTED'";
    if (purpose == Purpose::maintaining) return sql;
    return sql + ", max_statement_time = " + std::to_string(kWriteSeconds) +
           ", idle_transaction_timeout = " + std::to_string(kIdleInTransactionSeconds);
}

void begin_library() {
    static std::once_flag once;
    std::call_once(once, [] { mysql_server_init(0, nullptr, nullptr); });
}

void set_limits(MYSQL* connection, Purpose purpose) {
    mysql_optionsv(connection, MYSQL_OPT_CONNECT_TIMEOUT, &kConnectSeconds);
    if (purpose == Purpose::maintaining) return;  // a step of the schema takes as long as it takes
    const unsigned statement = purpose == Purpose::reading ? kReadSeconds : kWriteSeconds;
    const unsigned silence = statement + kSilenceSeconds;
    mysql_optionsv(connection, MYSQL_OPT_READ_TIMEOUT, &silence);
    mysql_optionsv(connection, MYSQL_OPT_WRITE_TIMEOUT, &silence);
}

void set_transport(MYSQL* connection, const MariadbAddress& address) {
    const unsigned protocol = address.socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
    mysql_optionsv(connection, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_optionsv(connection, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (address.tls_ca.empty()) return;
    const my_bool yes = 1;
    mysql_optionsv(connection, MYSQL_OPT_SSL_CA, address.tls_ca.c_str());
    mysql_optionsv(connection, MYSQL_OPT_SSL_ENFORCE, &yes);
    mysql_optionsv(connection, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
}

}  // namespace

MariadbSession::MariadbSession(const MariadbAddress& address, Purpose purpose) {
    begin_library();
    if (mysql_init(&connection_) == nullptr) throw std::bad_alloc();
    try {
        set_up(address, purpose);
    } catch (...) {
        mysql_close(&connection_);
        throw;
    }
}

void MariadbSession::set_up(const MariadbAddress& address, Purpose purpose) {
    set_limits(&connection_, purpose);
    set_transport(&connection_, address);
    const auto text_or_none = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
    if (mysql_real_connect(&connection_, text_or_none(address.host), address.user.c_str(),
                           text_or_none(address.password), address.database.c_str(), address.port,
                           text_or_none(address.socket), CLIENT_MULTI_STATEMENTS) == nullptr) {
        fail("connecting to " + address.shown());
    }
    execute(setting_up(purpose));
}

MariadbSession::~MariadbSession() {
    mysql_close(&connection_);
}

void MariadbSession::fail(std::string_view where) {
    if (mariadb_failure(mysql_errno(&connection_)) == StoreFailure::gone) outcome_.alive = false;
    raise_mariadb(&connection_, where);
}

std::unique_ptr<PreparedStatement> MariadbSession::prepare(std::string_view sql) {
    return std::make_unique<MariadbPrepared>(&connection_, sql, outcome_);
}

void MariadbSession::execute(const std::string& sql) {
    if (mysql_real_query(&connection_, sql.data(), sql.size()) != 0) fail(sql);
    for (int more = 0; more == 0; more = mysql_next_result(&connection_)) {
        if (MYSQL_RES* const result = mysql_store_result(&connection_)) mysql_free_result(result);
        if (mysql_errno(&connection_) != 0) break;
    }
    if (mysql_errno(&connection_) != 0) fail(sql);
}

void MariadbSession::begin(Purpose purpose) {
    execute(purpose == Purpose::reading ? "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
                                        : "START TRANSACTION; SELECT turn FROM writer_turn WHERE id = 1 FOR UPDATE");
}
void MariadbSession::commit() {
    execute("COMMIT");
}
void MariadbSession::roll_back() {
    execute("ROLLBACK");
}
void MariadbSession::set_savepoint() {
    execute("SAVEPOINT one_change");
}
// The next one of the same name takes its place, and the commit all.
void MariadbSession::release_savepoint() {}
void MariadbSession::roll_back_to_savepoint() {
    execute("ROLLBACK TO SAVEPOINT one_change");
}

bool MariadbSession::has_table(std::string_view name) {
    const auto look =
        prepare("SELECT 1 FROM information_schema.tables WHERE table_schema = database() AND table_name = ?");
    look->bind(1, name);
    return look->step();
}

bool MariadbSession::apply_step(const SchemaStep& step) {
    return apply_mariadb_step(*this, step);
}

void MariadbSession::analyze() {
    std::vector<std::string> tables;
    {
        const auto names = prepare(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND table_type = 'BASE "
            "TABLE'");
        while (names->step()) tables.emplace_back(names->view(0));
    }
    for (const std::string& table : tables) execute("ANALYZE TABLE `" + table + '`');
}

std::int64_t number_from(DatabaseSession& session, std::string_view sql) {
    const auto statement = session.prepare(sql);
    return statement->step() ? statement->integer(0) : 0;
}

}  // namespace forum
