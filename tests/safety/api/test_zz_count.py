from typing import Any
import time, cProfile, pstats, asyncio
async def test_count(world: Any, store_kind) -> None:
    at = await world.now()
    N=60
    recs=[]
    for n in range(N): recs += [world.registered(f"p-{n}", f"EP01-012-1{n:03}"), world.first_dose(f"p-{n}", at=at)]
    await world.tell(world.enrolment, *recs)
    for rnd in range(2):
        recs=[world.doses([at], participant_id=f"p-{n}") for n in range(N)]
        t=time.perf_counter(); await world.enrolment.deliver(world.inbox("enrolment"), *recs); print(store_kind, "dose ms", (time.perf_counter()-t)/N*1000)
    t=time.perf_counter()
    for n in range(N): await world.reported(grade=1, participant_number=f"EP01-012-1{n:03}")
    print(store_kind, "report ms", (time.perf_counter()-t)/N*1000)
    pr=cProfile.Profile(); pr.enable()
    for n in range(N): await world.reported(grade=1, participant_number=f"EP01-012-1{n:03}")
    pr.disable()
    if store_kind=="postgresql": pstats.Stats(pr).sort_stats("cumtime").print_stats(45)
