// Asks name servers, by c-ares on control's loop: one question at a time per family, with the TTL of the answer.
//
// A name is asked for as it is written: no search domain is added ("app" must not become "app.corp.example"), no file
//   of hosts is read (the address book has it). An answer that is cut short comes again by TCP.
// Threads: control, which nothing here blocks. Owns: c-ares' sockets. Errors: words in the answer.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/model/process.h"
#include "control/names/address_book.h"
#include "control/names/srv_answer.h"

namespace switchyard::control {

class DnsClient {
  public:
    using Done = std::function<void(AddressBook::Answer)>;
    using ServicesDone = std::function<void(SrvAnswer)>;

    // Without servers in `settings` those of /etc/resolv.conf.
    DnsClient(boost::asio::any_io_executor executor, const config::Resolver& settings);
    ~DnsClient();  // what is being asked is not answered any more

    // `done` runs from the loop, never from inside this call.
    void ask(const std::string& name, AddressBook::Family family, Done done);
    void ask_services(const std::string& name, ServicesDone done);
    // Reads /etc/resolv.conf again; what is being asked is asked to its end where it was begun.
    void renew();

  private:
    class Channel;
    const boost::asio::any_io_executor executor_;
    const config::Resolver settings_;
    std::shared_ptr<Channel> channel_;
    std::vector<std::weak_ptr<Channel>> former_;
};

}  // namespace switchyard::control
