// Certificates that have been read, and the TLS policies made of them, kept over generations.
//
// Reading a certificate costs 0.4 ms and an SSL_CTX 0.1 ms of control's time, and a disk may hang: a change that
// concerns neither looks at no file. Files of a certificate that no generation had are read when the first one is made
// with it; afterwards whoever watches them reads them aside (`read`) and puts them here (`take`). What cannot be used
// never replaces what is in force. A policy with the same settings and certificates is the same object, so that
// connections see whether theirs has changed.
// Threads: control only, but for read(). Owns: what it holds; snapshots share it. Errors: sentences that name the file
// and the cure.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/model/certificate.h"
#include "config/model/forward.h"
#include "config/model/listener.h"
#include "config/text/error.h"
#include "proxy/net/tls_policy.h"

namespace switchyard {

class CertificateShelf {
  public:
    using Files = std::pair<std::string, std::string>;  // chain, key
    // Which version of a file was read.
    struct Stamp {
        std::uint64_t device = 0, inode = 0;
        std::int64_t size = 0, modified_ns = 0, changed_ns = 0;
        bool operator==(const Stamp&) const = default;
    };
    struct Stamps {
        Stamp chain, key;
        bool operator==(const Stamps&) const = default;
    };
    struct Kept {
        Stamps stamps;
        net::TlsBook::Identity identity;  // null: none could be read since the start
        std::string trouble;              // why the files as they are now cannot be used; empty: they are in force
    };
    struct Reading {
        bool changed = false;  // else the files are those of `before`
        Stamps stamps;
        net::TlsBook::Identity identity;  // null: cannot be used, see `why`
        std::string why;
    };

    // Who is asked for a certificate, as a listener or one of its hosts says it.
    struct CheckReading {
        bool changed = false;
        Stamps stamps;                                  // of the authorities, of what they have revoked
        std::shared_ptr<const net::ClientCheck> check;  // null: cannot be used, see `why`
        std::string why;
    };
    struct KeptCheck {
        config::ClientCertificates settings;
        Stamps stamps;
        std::shared_ptr<const net::ClientCheck> check;
        std::string trouble;
    };
    static CheckReading read(const config::ClientCertificates& settings, const Stamps& before);
    bool take(const config::ClientCertificates& settings, const CheckReading& reading);
    const std::vector<KeptCheck>& checks() const { return checks_; }

    // Any thread; waits for the disk.
    static Reading read(const Files& files, const Stamps& before);
    // What was read of files that are kept here. True: another certificate than before is to be put in force.
    bool take(const Files& files, const Reading& reading);
    // Null: no generation uses them.
    const Kept* find(const Files& files) const;

    // From now on these need not be usable: a generation that was in force before a restart, or that is returned to,
    // must not fail for one certificate. Its names are shown another one until the files are there.
    void excuse(const Files& files) { excused_.insert(files); }
    void excuse_nobody() { excused_.clear(); }

    net::TicketKeys& tickets() { return *tickets_; }

    // Null when there were errors, which are added with pointers that begin with `at` (the listener) or /certificates.
    std::shared_ptr<const net::TlsPolicy> policy(const config::Model& model, const config::Listener& listener,
                                                 const std::string& at, std::vector<config::Error>& errors);
    // Forgets what no snapshot holds.
    void release();

  private:
    struct Made {
        config::ListenerTls settings;
        std::vector<Files> files;
        std::vector<net::TlsBook::Identity> identities;
        std::vector<std::shared_ptr<const net::ClientCheck>> checks;  // of the listener, of its hosts
        bool http1, http2;
        std::weak_ptr<const net::TlsPolicy> policy;
    };
    const Kept* kept(const Files& files, std::string* why);
    std::shared_ptr<const net::ClientCheck> check(const config::ClientCertificates& settings, const std::string& at,
                                                  std::vector<config::Error>& errors);

    std::map<Files, Kept> kept_;
    std::vector<KeptCheck> checks_;
    std::set<Files> excused_;
    std::vector<Made> made_;
    net::TlsBook::Identity placeholder_;
    std::shared_ptr<net::TicketKeys> tickets_ = std::make_shared<net::TicketKeys>();
};

// The name is one of the model's. One that is asked for by ACME has chain and key in one file below the state
// directory, so that they are exchanged in one step.
CertificateShelf::Files files_of(const config::Model& model, const std::string& name);

}  // namespace switchyard
