// Where a MariaDB database is, and how it is to be used:
//   mariadb://user@host:3306/forum?tls-ca=/etc/ssl/ca.pem
//   mariadb://user@/forum?socket=/run/mysqld/mysqld.sock
// A password never stands in it: it is FORUM_DATABASE_PASSWORD, or the first line of the file that
// FORUM_DATABASE_PASSWORD_FILE names, or there is none (unix_socket).
//
// Pure but for the environment. Threads: any. Errors: StoreError naming the part and the cure; never a password.
#pragma once

#include <string>
#include <string_view>

namespace forum {

constexpr std::string_view kMariadbScheme = "mariadb://";

struct MariadbAddress {
    std::string user;
    std::string password;
    std::string host;  // empty with a socket
    unsigned port = 3306;
    std::string socket;  // path
    std::string database;
    // A server that loses the last second when its machine dies is enough: its settings are not looked at.
    bool trust_durability = false;
    // The file of the change counters, for processes of one machine; empty: they are a table.
    std::string signals_file;
    // Of one process: the writer's, those for the counters and for upkeep, and the rest for reading.
    unsigned connections = 24;
    std::string tls_ca;  // what the server's certificate is signed by

    // As it is shown in messages.
    std::string shown() const;
    // The other end is this machine: a socket or a loopback address.
    bool is_near() const;
};

MariadbAddress mariadb_address(std::string_view text);

}  // namespace forum
