// One certificate that is asked for: when, by which order, and what became of it. The shell around Order.
//
// An order is begun when there is no certificate, when the one there is for other names or of another directory, or
// when its time has come; one at a time, and not before it is allowed to (`begin`). Whatever ends it – this process too
// – leaves the certificate in force, and the next order begins anew: a key is drawn for each, and kept only with what
// it was certified by. It is noted before it begins, as if it had failed already: who is killed in a loop asks ever
// more seldom. Two that go well are kBetweenOrders apart, unless something else is wished. What was issued and cannot
// be written is written again, not ordered again. Threads: control; files are read and written beside it. Errors: said
// in status, events and log, with what the authority said.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/model.h"
#include "control/acme/challenge_desk.h"
#include "control/acme/doors.h"
#include "control/acme/jws.h"
#include "control/acme/order.h"
#include "control/acme/renewal.h"
#include "control/acme/storage.h"
#include "control/base/disk_errands.h"
#include "proxy/net/tls_book.h"

namespace switchyard::control::acme {

class DirectoryClient;

class Issuance {
  public:
    // What all of them share.
    struct Shared {
        boost::asio::any_io_executor executor;
        ChallengeDesk& desk;
        DiskErrands& disk;  // in the order in which it is given
        const Storage& storage;
        InForce& in_force;
        Orders& orders;
    };
    // What listeners can answer.
    struct Ways {
        bool clear = false, tls = false;
        bool operator==(const Ways&) const = default;
    };
    struct Status {
        std::string state;  // waiting | queued | asking | failed
        std::string step;   // while it is asking
        std::string directory;
        std::vector<std::string> names;
        std::int64_t next = 0;  // when it is asked for again; 0: now
        unsigned failures = 0;
        std::string kind, said;  // of the latest failure; empty: there was none since it was issued
        std::optional<RenewalWindow> window;
    };

    // `anew`: it was written in another way until now, and what has failed then says nothing.
    Issuance(const Shared& shared, std::string name, config::Acme wish, Ways ways, bool anew);
    ~Issuance();
    Issuance(const Issuance&) = delete;
    Issuance& operator=(const Issuance&) = delete;

    const config::Acme& wish() const { return wish_; }
    const Ways& ways() const { return ways_; }
    void ways(Ways ways) { ways_ = ways; }
    // Looks whether its time has come.
    void look();
    // Whatever its time is, and whatever has failed.
    void now();
    Status status() const;

  private:
    struct Drawn {  // beside control's thread
        std::optional<AccountKey> key;
        std::string why;
    };
    // An answer of a disk for the order that is under way, and no other.
    template <class T>
    std::function<void(T)> of_this_order(std::function<void(T)> then) const {
        return [then = std::move(then), weak = std::weak_ptr<int>(order_life_)](T got) {
            if (!weak.expired()) then(std::move(got));
        };
    }
    std::int64_t due() const;
    bool names_fit(const switchyard::net::TlsIdentity& identity) const;
    void arm(std::int64_t at);
    void begin();
    void draw();
    void prepared(const Drawn& drawn);
    // What follows is found out and done; what throws on the way is a failure of this order.
    void act(const std::function<Order::Step()>& follows);
    void carry_out(Order::Step step);
    void watch(std::chrono::seconds silence, const char* what);
    void open(const std::vector<OpenChallenge>& challenges);
    void finalize(const std::string& url);
    void keep(std::string chain);
    void write();
    void not_written(const std::string& why);
    void issued();
    void look_whether_in_force();
    void failed(const Refusal& refusal);
    void ended();
    void remember();
    void look_at_window();
    void took_window(const Reply& reply);
    std::function<void(Reply)> replies();

    const Shared& shared_;
    const std::string name_;
    const config::Acme wish_;
    Ways ways_;
    const std::string directory_;  // its URL
    const std::string asked_;      // as in Memory
    boost::asio::steady_timer timer_, watchdog_;
    DiskErrands key_files_;  // wherever they lie: a slow disk delays no other issuance
    std::unique_ptr<DirectoryClient> client_;
    std::unique_ptr<Order> order_;
    std::shared_ptr<int> order_life_;
    std::string request_key_;
    std::string issued_, fingerprint_;  // chain and key in hand, to be written
    unsigned writes_ = 0;
    bool unseen_ = false;  // written, and perhaps not in force yet: another one would not help
    std::optional<std::string> mac_key_;
    Memory memory_;
    bool read_ = false;  // memory_ is what was kept
    bool reading_ = false;
    const bool anew_;
    bool has_turn_ = false, asked_for_turn_ = false;
    bool at_once_ = false;
    std::optional<RenewalWindow> window_;
    std::int64_t next_window_ = 0;
    bool window_asked_ = false;
    std::shared_ptr<int> life_ = std::make_shared<int>(0);
};

// letsencrypt, letsencrypt-staging, or what is a URL already.
std::string directory_url(const std::string& directory);

}  // namespace switchyard::control::acme
