#include "forum/store/engine/mariadb/address.h"

#include <charconv>
#include <cstdlib>
#include <fstream>

#include "forum/store/engine/store_error.h"

namespace forum {

namespace {

// The writer, those for the counters, one for upkeep, and some that read.
constexpr unsigned kConnectionsLeast = 12;
constexpr unsigned kConnectionsMost = 1'000;
// What the names of sockets may have, with the end of the text (man 7 unix).
constexpr std::size_t kSocketPathMost = 107;

[[noreturn]] void fail(const std::string& what) {
    throw StoreError("database address: " + what +
                     "; expected mariadb://USER@HOST:PORT/NAME or mariadb://USER@/NAME?socket=PATH");
}

unsigned number_in(std::string_view name, std::string_view text, unsigned least, unsigned most) {
    unsigned value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || value < least || value > most) {
        fail(std::string(name) + " must be a number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    return value;
}

void take_option(MariadbAddress& address, std::string_view name, std::string_view value) {
    constexpr std::string_view kFile = "file:";
    if (name == "socket") {
        if (value.empty() || value.size() > kSocketPathMost) {
            fail("socket must be a path of at most " + std::to_string(kSocketPathMost) + " characters");
        }
        address.socket = value;
    } else if (name == "connections") {
        address.connections = number_in(name, value, kConnectionsLeast, kConnectionsMost);
    } else if (name == "durability") {
        if (value != "server") fail("durability can only be server: what the server is set to is taken as enough");
        address.trust_durability = true;
    } else if (name == "signals") {
        if (value == "table") return;
        if (!value.starts_with(kFile) || value.size() == kFile.size()) fail("signals must be table or file:PATH");
        address.signals_file = value.substr(kFile.size());
    } else if (name == "tls-ca") {
        address.tls_ca = value;
    } else {
        fail("there is no option '" + std::string(name) +
             "' (known: socket, connections, durability, signals, tls-ca)");
    }
}

void take_host(MariadbAddress& address, std::string_view host) {
    const std::size_t colon = host.rfind(':');
    const bool bare_ipv6 = host.ends_with(']');
    if (colon != std::string_view::npos && !bare_ipv6) {
        address.port = number_in("the port", host.substr(colon + 1), 1, 65'535);
        host = host.substr(0, colon);
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    address.host = host;
}

std::string password_given() {
    if (const char* const password = std::getenv("FORUM_DATABASE_PASSWORD")) return password;
    const char* const file = std::getenv("FORUM_DATABASE_PASSWORD_FILE");
    if (file == nullptr) return "";
    std::ifstream in(file);
    std::string line;
    if (!std::getline(in, line)) {
        throw StoreError(std::string("FORUM_DATABASE_PASSWORD_FILE: cannot read a line of ") + file);
    }
    return line;
}

}  // namespace

std::string MariadbAddress::shown() const {
    const std::string place = socket.empty() ? host + ':' + std::to_string(port) : socket;
    return "MariaDB at " + place + ", database " + database + ", user " + user;
}

bool MariadbAddress::is_near() const {
    return !socket.empty() || host == "localhost" || host == "::1" || host.starts_with("127.");
}

MariadbAddress mariadb_address(std::string_view text) {
    MariadbAddress address;
    text.remove_prefix(kMariadbScheme.size());
    const std::size_t question = text.find('?');
    std::string_view options = question == std::string_view::npos ? std::string_view() : text.substr(question + 1);
    text = text.substr(0, question);
    const std::size_t slash = text.rfind('/');
    if (slash == std::string_view::npos || slash + 1 == text.size()) fail("the name of the database is missing");
    address.database = text.substr(slash + 1);
    const std::string_view authority = text.substr(0, slash);
    const std::size_t at = authority.rfind('@');
    if (at == std::string_view::npos || at == 0) fail("the user is missing");
    address.user = authority.substr(0, at);
    if (address.user.find(':') != std::string::npos) {
        throw StoreError(
            "database address: it holds a password, which other users of the machine could read; take it out and give "
            "it "
            "in FORUM_DATABASE_PASSWORD or in a file named by FORUM_DATABASE_PASSWORD_FILE");
    }
    if (address.database.find_first_of("`'\"\\/") != std::string::npos) fail("the database's name has signs in it");
    take_host(address, authority.substr(at + 1));
    while (!options.empty()) {
        const std::string_view one = options.substr(0, options.find('&'));
        options.remove_prefix(std::min(one.size() + 1, options.size()));
        const std::size_t equals = one.find('=');
        take_option(address, one.substr(0, equals),
                    equals == std::string_view::npos ? std::string_view() : one.substr(equals + 1));
    }
    if (address.host.empty() == address.socket.empty()) fail("a host or a socket is needed, and only one of them");
    if (!address.is_near() && address.tls_ca.empty()) {
        fail("beyond this machine TLS is needed: name with tls-ca=FILE what the server's certificate is signed by");
    }
    address.password = password_given();
    return address;
}

}  // namespace forum
