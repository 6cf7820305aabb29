// The certificates of the generation in force: their files are watched, and their end is seen coming.
//
// A certificate is what its files hold: it is exchanged without a new generation, as the addresses of a name are. Files
// are read aside, whenever something in their folders has changed, from time to time, and on request. One that
// cannot be used never replaces the one in force, which stays when its file goes away; that is said in status, events
// and log, once the second look in kSecondLook has found the same: a chain and its key are written one after the other.
// Invariants: `done` of look() is called once; after done(true) no handshake sees what was in force before.
// Threads: control; the disk is waited for by threads beside it. Units: wall clock in seconds since 1970.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/model/certificate.h"
#include "config/model/forward.h"
#include "config/model/listener.h"
#include "control/base/disk_errands.h"
#include "control/certificates/doors.h"
#include "control/certificates/folder_watch.h"
#include "control/certificates/standing.h"
#include "control/core/event_log.h"
#include "control/store/records.h"
#include "proxy/snapshot/certificate_shelf.h"

namespace switchyard::control {

class Certificates {
  public:
    static constexpr std::chrono::seconds kLook{30};         // between two looks without a request
    static constexpr std::chrono::seconds kSecondLook{2};    // at files that cannot be used
    static constexpr std::chrono::milliseconds kWait{2000};  // of a caller who asks, for a disk that does not answer

    struct Doors {
        ShownGeneration& shown;
        const CertificateClock& clock;
    };
    Certificates(boost::asio::any_io_executor executor, CertificateShelf& shelf, EventLog& events, Doors doors);

    // Another generation is in force.
    void follow();
    // What is in the files is in force; false: a disk, or a worker, has not answered in time.
    using Done = std::function<void(bool)>;
    void look(Done done);
    // Says what has come nearer. Called by itself every kLook.
    void tend();
    void stop();

    struct Sight {
        std::string name;
        config::Certificate files;
        std::vector<std::string> listeners, upstreams;  // who uses it
        bool unused() const { return listeners.empty() && upstreams.empty(); }
        switchyard::net::TlsBook::Identity identity;  // null: none is in force
        Standing standing;
        std::string trouble, trouble_since;  // of the files as they are; empty: they are in force
        std::int64_t now = 0;                // when this was looked at
        std::string since;                   // when this one was put in force; empty: at the start or with a generation
    };
    std::vector<Sight> sights() const;
    std::uint64_t exchanged() const { return exchanged_; }
    // On top of another process's.
    void go_on_from(std::uint64_t exchanged) { exchanged_ = exchanged; }

    // Files that a generation of this model would be the first to read are read aside and laid out on the shelf; `then`
    // is called when they are, or when their disk has not answered in kWait: at once where there are none.
    void read_first(const config::Model& model, std::function<void()> then);
    // Of a generation that is returned to: entries whose files are gone, or whose certificate has expired, stay as they
    // are now. Answers what stays, in words.
    std::vector<std::string> keep_usable(config::Model& earlier, const config::Model& now);

  private:
    using Files = CertificateShelf::Files;
    struct Told {
        std::string sha256;
        Standing standing;
    };
    struct Trouble {
        std::string why, since;
        bool told = false;
    };
    struct Waiter {
        Done done;
        boost::asio::steady_timer timer;
        void answer(bool in_force);
    };
    using Waiters = std::vector<std::shared_ptr<Waiter>>;
    struct Looked {
        Files files;
        CertificateShelf::Stamps before;
        CertificateShelf::Reading reading;
    };
    struct LookedCheck {
        config::ClientCertificates settings;
        CertificateShelf::Stamps before;
        CertificateShelf::CheckReading reading;
    };
    struct LookedAuthorities {
        std::string file;
        CertificateShelf::Stamp before;
        CertificateShelf::AuthoritiesReading reading;
    };
    struct Pass {
        std::vector<Looked> looked;
        std::vector<LookedCheck> checks;
        std::vector<LookedAuthorities> authorities;
        std::set<std::string> folders;
    };
    void begin();
    void took(const Pass& pass, const Waiters& waiters);
    bool took_checks(const Pass& pass);
    bool took_authorities(const Pass& pass);
    void note_trouble(const Files& files, const std::string& why);
    void tell_exchange(const Files& files, const switchyard::net::TlsBook::Identity& before);
    void arm(std::chrono::milliseconds after);
    std::string names_of(const Files& files) const;
    bool is_asked_for(const Files& files) const;  // by ACME

    const boost::asio::any_io_executor executor_;
    CertificateShelf& shelf_;
    EventLog& events_;
    const Doors doors_;
    DiskErrands errands_;
    std::set<std::shared_ptr<DiskErrands>> first_errands_;  // of read_first(), under way
    FolderWatch watch_;
    boost::asio::steady_timer timer_;
    Waiters waiters_;
    bool under_way_ = false;
    bool again_ = false;
    bool stopped_ = false;
    std::set<Files> followed_;
    std::map<std::string, Told> told_;  // by name
    std::map<Files, Trouble> troubles_;
    std::map<Files, std::string> since_;
    std::uint64_t exchanged_ = 0;
};

// Those of this generation may be missing; see CertificateShelf::excuse.
void excuse_certificates(const config::Model& model, CertificateShelf& shelf);

}  // namespace switchyard::control
