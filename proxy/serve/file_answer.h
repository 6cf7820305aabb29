// The answer of a route that has files: found and read by threads beside, sent block by block as the client takes it.
//
// Invariants: one block is read when the one before is out; the first before the head goes, so that a disk that fails
//   can be told in words. After the first octet a failure ends the connection: the length shows that a part is missing.
// Threads: one worker; nothing here waits for a disk. Owns: the reading, and the head as the client gets it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "proxy/base/failure.h"
#include "proxy/files/file_reading.h"
#include "proxy/net/task.h"
#include "proxy/serve/account.h"
#include "proxy/serve/client_lane.h"
#include "proxy/serve/head_sources.h"
#include "proxy/serve/next.h"
#include "proxy/serve/phase.h"

namespace switchyard::serve {

class FileAnswer {
  public:
    FileAnswer(Phase& phase, ClientLane& client, const HeadSources& from, const Course& course, Account& account);
    ~FileAnswer();
    FileAnswer(const FileAnswer&) = delete;
    FileAnswer& operator=(const FileAnswer&) = delete;

    net::Task<Next> run();
    // Not an octet went out: the client is to be told this in words, with these lines. `none`: it has its answer.
    Failure untold() const { return untold_; }
    const std::string& lines() const { return lines_; }

  private:
    WorkerContext& context() const { return phase_.strand().context(); }
    Failure begin();
    net::Task<Failure> finish_job();
    bool ask_pool();
    Failure judge();
    Failure judge_range();
    std::string head() const;
    bool write_head();
    net::Task<Failure> send();
    net::Task<Failure> read_next(std::uint64_t offset, std::uint64_t left);
    net::Task<Failure> put(Run run);

    Phase& phase_;
    ClientLane& client_;
    const HeadSources& from_;
    const Course& course_;
    Account& account_;
    std::shared_ptr<files::FileReading> reading_;
    net::Buffer lead_;
    std::uint16_t status_ = 200;
    std::uint64_t first_ = 0, size_ = 0;  // of the file, what is sent
    std::string etag_, lines_;
    bool head_only_ = false;
    bool keep_ = false;
    Failure untold_ = Failure::none;
};

}  // namespace switchyard::serve
