"""Emits events of 100 bytes by way of RQ, or works on them, and says how many a second."""

import sys
import time

from pyventus.core.processing.redis import RedisProcessingService
from pyventus.events import EventEmitter, EventLinker
from redis import Redis
from rq import Queue, Worker


@EventLinker.on("text")
def handle(text: str) -> None:
    pass


if __name__ == "__main__":
    # By the name that a worker imports it by.
    import bench_handlers

    what, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    redis = Redis(port=port)
    queue = Queue("bench", connection=redis)
    if what == "work":
        # What jobs import is here already, as RQ recommends.
        worker = Worker([queue], connection=redis)
        begin = time.perf_counter()
        worker.work(burst=True, logging_level="ERROR")
        took = time.perf_counter() - begin
        done = queue.finished_job_registry.count
        assert (queue.count, done) == (0, count), (queue.count, done)
        print(count / took)
        sys.exit()
    emitter = EventEmitter(
        event_linker=bench_handlers.EventLinker,
        event_processor=RedisProcessingService(queue=queue),
    )
    EventLinker.remove_all()
    EventLinker.subscribe("text", event_callback=bench_handlers.handle)
    begin = time.perf_counter()
    for _ in range(count):
        emitter.emit("text", "x" * 98)
    print(count / (time.perf_counter() - begin))
