from tests.kafka.conftest import Line
import asyncio, time
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from shared.partitions import partition_of
class RawKey(str):
    def encode(self, *a, **k): return b"\xff\xfe"
async def test_x(line: Line):
    feed,_=await line.start_feed()
    await line.start_relay()
    await line.move("c", scope="scope-1"); await line.arrived()
    producer = AIOKafkaProducer(**line.kafka.connection().arguments()); await producer.start()
    b = producer.create_batch()
    b._builder = _DefaultRecordBatchBuilderPy(2,0,0,-1,-1,-1,16384)
    b.append(key=None, value=b"{}", timestamp=None, headers=[(RawKey("x"), b"1")])
    fut = await producer.send_batch(b, line.topic, partition=partition_of("scope-1")); await fut
    await producer.stop()
    await line.move("c", scope="scope-1"); 
    c=feed._subscriber.consumer; n=0; errs={}
    plain=c.getmany
    async def counted(**k):
        nonlocal n; n+=1
        try: return await plain(**k)
        except BaseException as e: errs[type(e).__name__]=errs.get(type(e).__name__,0)+1; raise
    c.getmany=counted
    t=time.process_time()
    await asyncio.sleep(6)
    print("CALLS",n,errs,"cpu",time.process_time()-t, len(feed._subscriber.tasks), [x.done() for x in feed._subscriber.tasks])
    print({p: await c.position(p) for p in c.assignment()}, await c.end_offsets(list(c.assignment())))
