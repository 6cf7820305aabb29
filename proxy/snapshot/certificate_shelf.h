// Certificates that have been read, and the TLS policies made of them, kept over generations.
//
// Reading a certificate costs 0.4 ms and an SSL_CTX 0.1 ms of control's time, and a disk may hang: a change that
// concerns neither looks at no file. Files of a certificate that no generation had are read when the first one is made
// with it; afterwards their watcher reads them aside (`read`) and puts them here (`take`). What cannot be used
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
#include "config/model/upstream.h"
#include "config/text/error.h"
#include "proxy/net/tls_outward.h"
#include "proxy/net/tls_policy.h"
#include "proxy/snapshot/file_stamp.h"
#include "proxy/snapshot/spoken.h"

namespace switchyard {

class CertificateShelf {
  public:
    using Files = std::pair<std::string, std::string>;  // chain, key
    using Stamp = FileStamp;
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

    // Whom endpoints' certificates are believed from.
    struct AuthoritiesReading {
        bool changed = false;
        Stamp stamp;
        std::shared_ptr<const net::TlsAuthorities> authorities;  // null: cannot be used, see `why`
        std::string why;
    };
    struct KeptAuthorities {
        Stamp stamp;
        std::shared_ptr<const net::TlsAuthorities> authorities;
        std::string trouble;
    };
    static AuthoritiesReading read_authorities(const std::string& file, const Stamp& before);
    bool take(const std::string& file, const AuthoritiesReading& reading);
    const std::map<std::string, KeptAuthorities>& authorities() const { return authorities_; }  // by file

    // Files that a generation of this model would be the first to read; what is laid out is read already.
    struct Wanted {
        std::set<Files> pairs;
        std::vector<config::ClientCertificates> checks;
        std::set<std::string> authorities;
        bool empty() const { return pairs.empty() && checks.empty() && authorities.empty(); }
    };
    struct Readings {
        std::map<Files, Reading> pairs;
        std::vector<std::pair<config::ClientCertificates, CheckReading>> checks;
        std::map<std::string, AuthoritiesReading> authorities;
    };
    Wanted wanted_by(const config::Model& model) const;
    // Any thread; waits for the disk.
    static Readings read(const Wanted& wanted);
    // As if each of them could not be read for this reason.
    static Readings unread(const Wanted& wanted, const std::string& why);
    // For the next generation that is made: it goes by these instead of the disk.
    void lay_out(Readings readings) { laid_out_ = std::move(readings); }
    void clear_away() { laid_out_ = {}; }
    // Of files that are not kept: what is laid out, else from the disk.
    Reading first_reading(const Files& files) const;

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

    // Null when there were errors, which are added with pointers that begin with `at` (the listener, whose /tls this
    // is) or /certificates.
    std::shared_ptr<const net::TlsPolicy> policy(const config::Model& model, const config::ListenerTls& tls,
                                                 Spoken spoken, const std::string& at,
                                                 std::vector<config::Error>& errors);
    // How an upstream's endpoints are spoken to. Null when there were errors, which are added with pointers that begin
    // with `at` (the upstream's tls) or /certificates.
    std::shared_ptr<const net::OutwardTls> outward(const config::Model& model, const config::UpstreamTls& tls,
                                                   const std::string& at, std::vector<config::Error>& errors);
    // Forgets what no snapshot holds.
    void release();

  private:
    using Laid = std::pair<config::ClientCertificates, CheckReading>;
    struct Made {
        config::ListenerTls settings;
        std::vector<Files> files;
        std::vector<net::TlsBook::Identity> identities;
        std::vector<std::shared_ptr<const net::ClientCheck>> checks;  // of the listener, of its hosts
        bool http1, http2;
        std::weak_ptr<const net::TlsPolicy> policy;
    };
    struct MadeOutward {
        config::UpstreamTls settings;
        Files files;
        net::TlsBook::Identity identity;
        std::string authorities_file;
        std::shared_ptr<const net::TlsAuthorities> authorities;
        std::weak_ptr<const net::OutwardTls> outward;
    };
    const Kept* kept(const Files& files, std::string* why);
    bool in_use(const Files& files) const;
    // Adds what is wrong with it to the errors, once.
    const Kept* kept(const config::Model& model, const std::string& name, std::vector<config::Error>& errors);
    std::shared_ptr<const net::TlsAuthorities> authorities_in(const std::string& file, std::string* why);
    std::shared_ptr<const net::ClientCheck> check(const config::ClientCertificates& settings, const std::string& at,
                                                  std::vector<config::Error>& errors);

    std::map<Files, Kept> kept_;
    std::vector<KeptCheck> checks_;
    std::set<Files> excused_;
    std::vector<Made> made_;
    Readings laid_out_;
    std::map<std::string, KeptAuthorities> authorities_;
    std::vector<MadeOutward> made_outward_;
    net::TlsBook::Identity placeholder_;
    std::shared_ptr<net::TicketKeys> tickets_ = std::make_shared<net::TicketKeys>();
};

// The name is one of the model's. One that is asked for by ACME has chain and key in one file below the state
// directory, so that they are exchanged in one step.
CertificateShelf::Files files_of(const config::Model& model, const std::string& name);

}  // namespace switchyard
