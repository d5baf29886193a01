// Texts over MPI: the one file that knows it. One tag, bytes, point to point.
// The C++ bindings of old would have to be linked.
#define OMPI_SKIP_MPICXX
#define MPICH_SKIP_MPICXX
#include <mpi.h>

#include "evaluators/message_transport.h"

namespace edgefront {
namespace {

constexpr int kTag = 1;

class MpiTransport final : public MessageTransport {
 public:
  MpiTransport() {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    // A process that is gone is to be a value; most launchers end the whole job all the same.
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  bool send(int to, const std::string& text) override {
    return MPI_Send(text.data(), static_cast<int>(text.size()), MPI_BYTE, to, kTag,
                    MPI_COMM_WORLD) == MPI_SUCCESS;
  }

  bool poll(int* from, std::string* text) override {
    int there = 0, bytes = 0;
    MPI_Status status;
    if (MPI_Iprobe(MPI_ANY_SOURCE, kTag, MPI_COMM_WORLD, &there, &status) != MPI_SUCCESS) {
      return false;
    }
    if (there == 0) return false;
    MPI_Get_count(&status, MPI_BYTE, &bytes);
    text->resize(static_cast<std::size_t>(bytes));
    *from = status.MPI_SOURCE;
    return MPI_Recv(text->data(), bytes, MPI_BYTE, *from, kTag, MPI_COMM_WORLD, &status) ==
           MPI_SUCCESS;
  }

  void finish() override { MPI_Finalize(); }

 private:
  int rank_ = 0, size_ = 1;
};

}  // namespace
}  // namespace edgefront

extern "C" edgefront::MessageTransport* edgefront_make_transport(int version) {
  if (version != edgefront::kTransportAbiVersion) return nullptr;
  int provided = 0;
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided) != MPI_SUCCESS) {
    return nullptr;
  }
  if (provided < MPI_THREAD_SERIALIZED) {
    MPI_Finalize();
    return nullptr;
  }
  return new edgefront::MpiTransport;
}
