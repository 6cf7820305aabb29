// The hands of the address book: the clock, the files and the name servers.
//
// /etc/hosts and /etc/resolv.conf are looked at once a second, as long as there are names, and read when they have
//   changed: neither has a TTL, and both are exchanged under a running process (containers, VPNs).
// Threads: control. Nothing here blocks it but the reading of those two small files.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "config/model/process.h"
#include "control/names/address_book.h"
#include "control/names/dns_client.h"

namespace switchyard::control {

class NameWatch {
  public:
    struct Files {
        std::string hosts = "/etc/hosts";
        std::string servers = "/etc/resolv.conf";
    };

    // `heard`: the book may have news.
    NameWatch(boost::asio::any_io_executor executor, const config::Resolver& settings, AddressBook& book,
              std::function<void()> heard, Files files);

    // Asks for what is due, and sees to it that the rest is asked in time. After every change of the book.
    void look();
    void stop();

  private:
    // What stat() says of a file; another text means another version.
    static std::string version_of(const std::string& path);
    void look_at_files(bool first);
    void ask(const std::string& name);
    void arm();

    const boost::asio::any_io_executor executor_;
    const config::Resolver settings_;
    AddressBook& book_;
    const std::function<void()> heard_;
    const Files files_;
    std::string hosts_version_, servers_version_;
    std::unique_ptr<DnsClient> client_;  // made for the first question
    std::size_t asked_ = 0;              // questions under way
    boost::asio::steady_timer timer_;
    bool stopped_ = false;
};

}  // namespace switchyard::control
