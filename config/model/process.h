// What is fixed for the life of the process.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/model/address.h"
#include "config/model/server_tls.h"
#include "config/model/sources.h"
#include "config/text/duration.h"
#include "config/text/spelling.h"

namespace switchyard::config {

enum class Role : std::uint8_t { viewer, operate, admin };  // written viewer | operator | admin
template <>
std::span<const Spelling<Role>> spellings<Role>();

struct Token {
    std::string name;
    Role role = Role::viewer;
    std::string sha256;  // hex of SHA-256 of the token; the token itself is never stored
    bool operator==(const Token&) const = default;
};

struct AdminClient {  // exactly one of the first three
    std::string uri, dns;
    std::string fingerprint;  // hex of SHA-256
    Role role = Role::viewer;
    bool operator==(const AdminClient&) const = default;
};

struct Admin {
    Address bind{Address::Kind::ipv4, "127.0.0.1", 9900};
    std::vector<Token> tokens;    // empty: one random admin token in <state_dir>/admin.token
    std::string tls_certificate;  // PEM files; both or none
    std::string tls_key;
    std::optional<AdminTls> tls;            // instead of them: with certificates out of `certificates`
    std::vector<AdminClient> clients;       // who may call by their certificates
    std::vector<std::string> rollout_urls;  // beyond loopback and the endpoints: what plans of rollouts may ask
    std::string rollout_ca_file;            // PEM: whom they believe by https; empty: the machine's own authorities
    std::string rollout_certificate;        // PEM: what they show by https; both or none
    std::string rollout_key;
    bool operator==(const Admin&) const = default;
};

struct Log {
    std::string level = "info";   // debug | info | warn | error
    std::string format = "json";  // json | text
    std::string access;           // access log: a file path, "-" for standard output, empty for none
    bool operator==(const Log&) const = default;
};

struct Resolver {                      // how names of endpoints are looked up
    std::vector<std::string> servers;  // addresses with or without a port; empty: those of /etc/resolv.conf
    Duration timeout = 2s;             // of one question to one server
    std::uint32_t attempts = 2;        // of each server
    bool operator==(const Resolver&) const = default;
};

struct Process {
    unsigned workers = 0;  // 0: one per core
    std::string state_dir = "/var/lib/switchyard";
    Admin admin;
    Log log;
    Resolver resolver;
    Sources sources;
    std::map<std::string, std::vector<std::string>> checks;  // programs that look at endpoints: path and arguments
    Duration shutdown_grace = 30s;                           // how long SIGTERM waits for what is in flight
    std::uint32_t keep_generations = 0;                      // history retention; 0: keep all
    std::uint32_t keep_rollouts = 100;                       // ended ones with their reports; 0: keep all
    bool watch_file = false;                                 // re-read the configuration file when it changes (inotify)
    bool operator==(const Process&) const = default;
};

}  // namespace switchyard::config
