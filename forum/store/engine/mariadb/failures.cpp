#include "forum/store/engine/mariadb/failures.h"

#include <mysql.h>

#include <string>

namespace forum {

namespace {

// What to do about it, where the number says enough.
std::string_view cure_of(unsigned code) {
    switch (code) {
        case 1045:  // access denied
        case 1698:
            return "; a password is given in FORUM_DATABASE_PASSWORD or in a file named by "
                   "FORUM_DATABASE_PASSWORD_FILE";
        case 1049:  // unknown database
            return "; CREATE DATABASE it with CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin";
        case 1044:  // a database, a table, a column, all of the server
        case 1142:
        case 1143:
        case 1227:
            return "; serving needs SELECT, INSERT, UPDATE, DELETE on the database, `forum migrate up` also CREATE, "
                   "ALTER, "
                   "DROP, INDEX, REFERENCES: GRANT them, or migrate as another user and serve with --auto-migrate "
                   "false";
        default:
            return "";
    }
}

[[noreturn]] void raise(unsigned code, const char* text, std::string_view where) {
    const std::string what = "database: " + std::string(text) + std::string(cure_of(code)) + " (" +
                             std::to_string(code) + ", in: " + std::string(where.substr(0, 120)) + ")";
    const StoreFailure failure = mariadb_failure(code);
    if (failure == StoreFailure::constraint) throw ConstraintError(what);
    throw StoreError(what, failure);
}

}  // namespace

StoreFailure mariadb_failure(unsigned code) {
    constexpr unsigned kFirstOfClient = 2'000;  // the library's own: no connection, or one that ended
    constexpr unsigned kLastOfClient = 2'999;
    if (code >= kFirstOfClient && code <= kLastOfClient) return StoreFailure::gone;
    switch (code) {
        case 1048:  // a column cannot be null
        case 1062:  // duplicate key
        case 1216:  // foreign keys
        case 1217:
        case 1451:
        case 1452:
        case 1586:  // duplicate key, named
        case 4025:  // CHECK
            return StoreFailure::constraint;
        case 1020:  // a row changed since it was read
        case 1205:  // lock wait
        case 1213:  // deadlock
        case 1412:  // the table was changed since the transaction began
        case 1615:  // a prepared statement is to be prepared again
            return StoreFailure::retry;
        case 1040:  // too many connections
        case 1053:  // shutting down
        case 1077:
        case 1203:  // too many of this user
        case 1226:
        case 1927:  // killed
            return StoreFailure::gone;
        case 1021:  // disk full
        case 1026:  // writing a file
        case 1030:  // the storage engine's own
        case 1114:  // table full
            return StoreFailure::full;
        case 1290:  // --read-only
        case 1792:  // a transaction that may only read
        case 1836:
            return StoreFailure::read_only;
        case 1317:  // interrupted
        case 1969:  // max_statement_time
            return StoreFailure::overdue;
        default:
            return StoreFailure::other;
    }
}

void raise_mariadb(st_mysql* connection, std::string_view where) {
    raise(mysql_errno(connection), mysql_error(connection), where);
}

void raise_mariadb(st_mysql_stmt* statement, std::string_view where) {
    raise(mysql_stmt_errno(statement), mysql_stmt_error(statement), where);
}

}  // namespace forum
