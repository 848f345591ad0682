import time, os, socket, threading
import boto3
from tests.services import free_port
from tests.contracts.test_services import s3
from guestlink.storage import *
def t(what, f):
    a=time.perf_counter()
    try: r=repr(f())[:200]
    except Exception as e: r=f"{type(e).__name__}: {e} // cause {str(e.__context__)[:300] if e.__context__ else ''}"
    print(f"{what:40} {time.perf_counter()-a:.2f}s {r}")
def test_x(moto_server, rclone_s3, tmp_path):
    s3(moto_server).create_bucket(Bucket="bucket"); s3(*rclone_s3).create_bucket(Bucket="bucket")
    for name,url in (("moto",moto_server),("rclone",rclone_s3.url)):
        st=S3(f"s3://bucket/pre?endpoint={url}&region=us-east-1")
        print(name)
        t("put", lambda: st.put("w/a", b"1"))
        t("create again", lambda: st.put("w/a", b"2", expected=""))
        t("create again same", lambda: st.put("w/a", b"1", expected=""))
        t("update wrong", lambda: st.put("w/a", b"2", expected='"nope"'))
        t("update missing", lambda: st.put("w/zz", b"2", expected='"nope"'))
        t("get", lambda: st.get("w/a"))
        t("update right", lambda: st.put("w/a", b"3", expected=st.get("w/a").etag))
        t("get missing", lambda: st.get("w/missing"))
        t("delete missing", lambda: st.delete("w/missing"))
        t("list", lambda: list(st.list("w/")))
        for p in ("w/ü space+plus%25.html", "a~b", "w/.hidden", "a%2Fb", "x#y", "x?y", "a*b","e%41", "tab\tx", "w/"+"n"*300):
            t(f"odd put {p[:20]!r}", lambda: (st.put(p, b"1"), st.get(p).body, [o.path for o in st.list() if o.path==p], st.delete(p)))
        mb=S3(f"s3://nobucket/pre?endpoint={url}&region=us-east-1")
        for verb, f in (("put",lambda: mb.put("a",b"")),("putc",lambda: mb.put("a",b"",expected="")),("putu",lambda: mb.put("a",b"",expected='"x"')),("get",lambda: mb.get("a")),("delete",lambda: mb.delete("a")),("list",lambda: list(mb.list()))):
            t("nobucket "+verb, f)
    os.environ["AWS_SECRET_ACCESS_KEY"]="wrong"
    st=S3(f"s3://bucket/pre?endpoint={rclone_s3.url}&region=us-east-1")
    for verb, f in (("put",lambda: st.put("a",b"")),("get",lambda: st.get("a")),("delete",lambda: st.delete("a")),("list",lambda: list(st.list()))):
        t("wrong key "+verb, f)
    del os.environ["AWS_SECRET_ACCESS_KEY"]; kid=os.environ.pop("AWS_ACCESS_KEY_ID")
    st=S3(f"s3://bucket/pre?endpoint={rclone_s3.url}&region=us-east-1")
    t("no credentials put", lambda: st.put("a", b""))
    os.environ["AWS_SECRET_ACCESS_KEY"]="known-to-everybody"; os.environ["AWS_ACCESS_KEY_ID"]=kid
    st=S3(f"s3://bucket/pre?endpoint=http://127.0.0.1:{free_port()}&region=us-east-1")
    t("stopped put", lambda: st.put("a", b"")); t("stopped get", lambda: st.get("a")); t("stopped list", lambda: list(st.list()))
    st=S3(f"s3://bucket/pre?endpoint=http://nobody.invalid:1&region=us-east-1")
    t("no host", lambda: st.put("a", b""))
    lis=socket.socket(); lis.bind(("127.0.0.1",0)); lis.listen(50)
    st=S3(f"s3://bucket/pre?endpoint=http://127.0.0.1:{lis.getsockname()[1]}&region=us-east-1")
    t("silent", lambda: st.put("a", b""))
    lis.close()
    assert 0
