// Texts between the processes of one job: all that a cluster's message library is needed for. MPI
// is behind a plug-in that is opened at run time (libedgefront_mpi.so beside the program), so that
// a search on one machine neither has nor starts it.
#pragma once

#include <memory>
#include <string>

namespace edgefront {

/// The loader passes this to the plug-in's factory `edgefront_make_transport(int)`, which returns
/// null for any other value. Raised whenever this header changes.
constexpr int kTransportAbiVersion = 1;

/// Calls may come from different threads, one at a time.
class MessageTransport {
 public:
  /// Without finish(), the job's other processes are left to find out.
  virtual ~MessageTransport() = default;
  virtual int rank() const = 0;  ///< of this process, from 0
  virtual int size() const = 0;  ///< processes of the job
  /// False where that process cannot be reached any more. May wait until it takes the text.
  virtual bool send(int to, const std::string& text) = 0;
  /// The next text that has come for this process, and from whom; false where there is none.
  virtual bool poll(int* from, std::string* text) = 0;
  /// The last call; returns when every process of the job has made it.
  virtual void finish() = 0;
};

/// Opens the plug-in and joins the job. Throws EnvironmentError with the remedy.
std::unique_ptr<MessageTransport> load_message_transport();

}  // namespace edgefront
