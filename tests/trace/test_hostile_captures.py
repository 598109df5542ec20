"""What is outside of a function changed by the call, by the caller between calls, through other names: value, gradient and what is left."""

from __future__ import annotations

import itertools
import linecache
import sys
import types
import warnings
from typing import Any

import numpy as np
import pytest

import bcad
from tests.programs.reference import richardson

PRELUDE = """
import numpy as np, itertools, array, copy, types, math, functools, operator
from collections import *
from dataclasses import dataclass, field
class L(list): pass
class D(dict): pass
class Q(deque): pass
class O:
    def __init__(s,**k): s.__dict__.update(k)
class Slots:
    __slots__=("a","b")
    def __init__(s,a,b): s.a=a; s.b=b
"""
CASES = [  # what is made outside, what the call does, what the caller does between two calls, what is looked at
    ('class C:\n    n=1.',
     "C.n=x[0]; return vars(C)['n']*x[1]+C.__dict__['n']", 'C.n=2.', 'C.n'),
    ('class C:\n    n=1.\nP=vars(C)',
     "return P['n']*x[1]", 'C.n=2.', 'C.n'),
    ("D0={'a':1.}\nP=types.MappingProxyType(D0)\nclass C: pass",
     "C.p=P; C.v=P.values(); return P['a']*x[0]", "D0['a']+=1.", '(dict(C.p), C.p is P, list(C.v))'),
    ('D0=OrderedDict(a=1.,b=2.)\nV=D0.values()',
     "D0['b']=x[0]; s=sum(V)\nfor v in V:\n    D0['b']+=v\nreturn s*sum(V)", "D0['a']+=1.", 'D0'),
    ("D0={'a':1.}\nV=D0.values()",
     "s=0.\nif x[0]>.5: D0['a']+=x[1]\nfor v in x: s=s+sum(V)*v\nreturn s", "D0['c']=1.", 'D0'),
    ("H=array.array('d',[1.,2.,3.])",
     'return sum(H)*x[0]+H[1]*len(H)', 'H[1]+=.5; H.append(4.)', 'list(H)'),
    ("H=array.array('d',[1.,2.,3.])",
     'return np.array(H).sum()*x[0]+max(H)+min(H)+sorted(H)[1]+list(H)[0]', 'H[1]+=.5', 'list(H)'),
    ("H=array.array('d',[1.,2.,3.])",
     'return sum(a*b for a,b in zip(H,x))', 'H[0]+=.5', 'list(H)'),
    ("H=array.array('d',[1.,2.,3.])\nM=memoryview(H)",
     'return M[1]*x[0]+len(M)', 'H[1]+=.5', 'list(H)'),
    ('A=np.array([1.,2.,3.])\nM=memoryview(A)',
     'return M[1]*x[1]', 'A[1]+=.5', 'A.tolist()'),
    ("D0={'a':1.,'b':2.}\nP=types.MappingProxyType(D0)",
     "return P['a']*x[0]+sum(P.values())+len(P)", "D0['a']+=.5; D0['c']=1.", 'D0'),
    ("D0={'a':1.,'b':2.}\nP=types.MappingProxyType(D0)",
     "D0['a']=x[0]; return P['a']*x[1]+sum(P.values())", "D0['b']+=.5", 'D0'),
    ("D0={'a':1.,'b':2.}\nV=D0.values()",
     'return sum(V)*x[0]', "D0['b']+=.5", 'D0'),
    ("D0={'a':1.,'b':2.}\nV=D0.values()",
     "D0['a']=x[0]; return sum(V)*x[1]", "D0['b']+=.5", 'D0'),
    ("D0={'a':1.,'b':2.}\nV=D0.items()",
     'return sum(b for a,b in V)*x[0]', "D0['b']+=.5", 'D0'),
    ("D0={'a':1.,'b':2.}\nV=D0.keys()",
     'return sum(D0[a] for a in V)*x[0]', "D0['b']+=.5; D0['z']=.5", 'D0'),
    ("A0={'a':1.}\nB0={'b':2.}\nH=ChainMap(A0,B0)",
     "H['b']=x[0]; return H['a']*x[1]+H['b']+sum(H.values())", "B0['b']+=.5; A0.pop('b',None)", '(A0,B0)'),
    ("H=ChainMap({'a':1.},{'b':2.})",
     "return H['a']*x[1]+H['b']+len(H)", "H.maps[1]['b']+=.5", '[dict(m) for m in H.maps]'),
    ("H=Counter({'a':1.,'b':2.})",
     "H.update({'a':x[0]}); return H['a']*x[1]+H['zz']+sum(H.values())", "H['b']+=.5", 'H'),
    ("H=Counter('aab')",
     "H['b']+=1; return H['a']*x[1]+H.most_common(1)[0][1]", "H['b']+=1", 'H'),
    ('H=OrderedDict(a=1.,b=2.)',
     "H.move_to_end('a'); H['b']*=x[0]; return next(iter(H.values()))*x[1]", "H['b']+=.5", 'list(H.items())'),
    ('H=OrderedDict(a=1.,b=2.)',
     'k,v=H.popitem(last=False); H[k]=v*x[0]; return sum(w*i for i,w in enumerate(H.values()))', "H['c']=.5", 'list(H.items())'),
    ('H=defaultdict(list,a=[1.])',
     "H['a'].append(x[0]); H['b'].append(x[1]); return sum(map(sum,H.values()))", "H['a'].clear()", 'dict(H)'),
    ('H={1,2,3}',
     'return sum(H)*x[0]+(2 in H)*x[1]+max(H)', 'H.add(9)', 'sorted(H)'),
    ('H={1,2,3}',
     'H.add(len(H)); return sum(sorted(H))*x[0]', 'H.add(20)', 'sorted(H)'),
    ('H=frozenset([1,2])',
     'return sum(H)*x[0]', 'H=frozenset([1,2,5])', 'sorted(H)'),
    ('H=deque([1.,2.,3.],maxlen=3)',
     'H.append(x[0]); return H[0]*x[1]+H[-1]', 'H.append(.5)', 'list(H)'),
    ('H=deque([1.,2.,3.])',
     'H.rotate(1); H[0]*=x[0]; return H[0]*x[1]+H.copy()[1]+list(H)[2]', 'H.append(.5)', 'list(H)'),
    ('H=deque([1.,2.,3.])',
     'G=H.copy(); G.append(x[0]); return sum(G)*len(H)', 'H[0]=7.', 'list(H)'),
    ('H=deque([1.,2.,3.])',
     'return sorted(H)[0]*x[0]+max(H)+np.array(H).mean()+(2. in H)+H.index(2.) + H.count(1.)', 'H[0]=7.', 'list(H)'),
    ('H=deque([[1.],[2.]])',
     'H[0].append(x[0]); H[1][0]+=x[1]; return sum(map(sum,H))', 'H[0].pop()', 'list(H)'),
    ('H=Q([1.,2.])\nH.n=0',
     'H.n+=1; H.append(x[0]); return sum(H)*H.n', 'H.popleft()', '(list(H),H.n)'),
    ('H=L([1.,2.])\nH.n=0',
     'H.n+=1; H.append(x[0]); H[0]*=2; return sum(H)*H.n', 'H.pop()', '(list(H),H.n)'),
    ('H=D(a=1.)\nH.n=0',
     "H.n+=1; H['b']=x[0]; H['a']*=2; return sum(H.values())*H.n", "H.pop('b')", '(dict(H),H.n)'),
    ('H=Slots(1.,[2.])',
     'H.a+=x[0]; H.b.append(x[1]); return H.a*sum(H.b)', 'H.b.pop()', '(H.a,H.b)'),
    ('H=[1.,2.]\nG=H',
     'G.append(x[0]); H[0]=x[1]; return sum(G)*H[-1]', 'G.pop()', '(H,G is H)'),
    ('H=[[1.,2.]]*2',
     'H[0][0]=x[0]; return H[1][0]*x[1]', 'H[1][1]+=1', '(H,H[0] is H[1])'),
    ('H=[[1.,2.],[3.]]',
     'H[0],H[1]=H[1],H[0]; H[0].append(x[0]); return sum(H[0])*x[1]+H[1][0]', 'H[0].pop()', 'H'),
    ('H=[1.,2.,3.]',
     'del H[::2]; H.append(x[0]); return sum(H)', 'H.extend([1.,2.])', 'H'),
    ('H=[1.,2.,3.]',
     'H[1:2]=[x[0],x[1]]; return sum(v*i for i,v in enumerate(H))', 'H.pop()', 'H'),
    ('H=[3.,1.,2.]',
     'H.sort(); H[0]*=x[0]; return H[0]+H[1]*2', 'H[0]=9.', 'H'),
    ('H=[3.,1.,2.]',
     'H.sort(key=lambda v:-v); return H[0]*x[0]', 'H[0]=9.', 'H'),
    ('H=[O(a=1.),O(a=2.)]',
     'H[0].a+=x[0]; H.append(O(a=x[1])); return sum(o.a for o in H)', 'H.pop()', '[o.a for o in H]'),
    ("H=O(h=[1.,2.],d={'k':[3.]})",
     "H.h=H.h+[x[0]]; H.d['k'].append(x[1]); return sum(H.h)*sum(H.d['k'])", "H.h.pop(); H.d['k'].pop()", '(H.h,H.d)'),
    ('H=O(a=1.)',
     'old=H.a; H.a=x[0]; del H.a; H.a=old*x[1]; return H.a', 'H.a=2.', 'vars(H)'),
    ('H=O(a=1.)',
     "if hasattr(H,'b'): H.b+=x[0]\nelse: H.b=x[1]\nreturn H.b*H.a", 'H.a+=1', 'vars(H)'),
    ('class C:\n    n=0\n    log=[]',
     'C.n+=1; C.log.append(x[0]); return C.n*sum(C.log)', 'C.log.pop()', '(C.n,C.log)'),
    ('@dataclass\nclass C:\n    a: float=1.\n    l: list=field(default_factory=list)\nH=C()',
     'H.l.append(x[0]); H.a*=2; return H.a*sum(H.l)', 'H.l.clear()', 'H'),
    ('def mk():\n    n=[0.]\n    def inc(v): n[0]+=v; return n[0]\n    return inc,n\ninc,n=mk()',
     'return inc(x[0])*inc(x[1])', 'n[0]=1.', 'n'),
    ('def fn(v,acc=[1.]):\n    acc.append(v)\n    return sum(acc)',
     'return fn(x[0])*fn(x[1])', 'fn.__defaults__[0].clear()', 'fn.__defaults__'),
    ('def fn(v): fn.calls+=1; return v*fn.calls\nfn.calls=0',
     'return fn(x[0])+fn(x[1])', 'fn.calls=0', 'fn.calls'),
    ('@functools.lru_cache\ndef tab(n): return n*2.\nH=[tab(1)]',
     'return tab(len(x))*x[0]+H[0]', 'H[0]=tab(3)', 'H'),
    ('H=[1.,2.]\nG=(H,5.)',
     'G[0].append(x[0]); return sum(H)*G[1]', 'H.pop()', 'G'),
    ("H={'a':[1.,2.]}\nG=H['a']",
     "G[0]=x[0]; H['a'][1]=x[1]; H['a']=[x[0]]; return G[0]*G[1]+H['a'][0]", "H['a']=G", '(H,G)'),
    ("H=bytearray(b'abc')",
     'return H[0]*x[0]+len(H)', 'H[0]=1; H.append(3)', 'H'),
    ('H=range(3)',
     'return sum(H)*x[0]', 'H=range(5)', 'H'),
    ("H='ab'",
     "return len(H)*x[0]+(x[1] if 'b' in H else 0)", "H='xyz'", 'H'),
    ('H=[1.,2.,3.]',
     's=0.\nwhile H and s<4: s=s+H.pop()*x[0]\nreturn s', 'H.extend([5.,1.,2.])', 'H'),
    ('H=[1.,2.,3.]',
     's=0.\nwhile H: s=s*.5+H.pop(0)*x[0]\nreturn s', 'H.extend([5.,1.])', 'H'),
    ('H=deque([1.,2.,3.])',
     's=0.\nfor _ in range(len(H)): v=H.popleft(); s=s*.5+v*x[0]; H.append(v*x[1])\nreturn s', 'H.append(.5)', 'list(H)'),
    ('H={}',
     'for i,v in enumerate(x): H[i]=H.get(i,0.)+v\nreturn sum(H.values())', 'H.pop(0,None)', 'H'),
    ('H={}',
     'k=len(H); H[k]=x[0]; return sum(H.values())*k', 'pass', 'H'),
    ('H=[]',
     'H.append(x.copy()); x[0]=9.; return sum(a.sum() for a in H)', 'H and H[0].fill(1.)', '[a.tolist() for a in H]'),
    ("A=np.zeros(3)\nH={'a':A}",
     "H['a']=H['a']+x[0]; A[0]=5.; return H['a'].sum()+A.sum()", "H['a']=A", "(A.tolist(),H['a'].tolist(), H['a'] is A)"),
    ("A=np.zeros(3)\nH={'a':A}",
     "H['a']+=x[0]; return A.sum()", 'A[1]=2.', "(A.tolist(),H['a'] is A)"),
    ('H=[1.,2.]',
     'try:\n    H.append(x[0])\n    if x[1]>.5: raise KeyError\n    H.append(x[1])\nexcept KeyError:\n    H[0]=7.\nfinally:\n    H.append(1.)\nreturn sum(v*i for i,v in enumerate(H))', 'del H[2:]', 'H'),
    ('H=deque([1.,2.])',
     'try:\n    H.appendleft(x[0])\n    if x[1]>.5: raise KeyError\n    H.append(x[1])\nexcept KeyError:\n    H[0]=7.\nreturn sum(v*i for i,v in enumerate(H))', 'H.pop()', 'list(H)'),
    ('H=[1.,2.]',
     'def push(v): H.append(v); return len(H)\nif x[1]>.5: push(x[0])\nelse: push(x[1]); push(2.)\nreturn sum(H)*len(H)', 'del H[2:]', 'H'),
    ('H=OrderedDict(a=1.,b=2.)',
     "for v in x:\n    if v>.5: H['a']+=v\n    else: H['b']*=v\nreturn H['a']*H['b']", "H['a']=1.", 'list(H.items())'),
    ('H=[0]*4',
     'for i in range(len(x)): H[i%4]+=1\nreturn sum(H)*x[0]', 'H[0]=5', 'H'),
    ('H=[0.]*4',
     'for i in range(len(x)): H[i%4]+=x[i]\nreturn sum(v*i for i,v in enumerate(H))', 'H[0]=5.', 'H'),
    ("K='a'\nH={'a':1.,'b':2.}",
     "H[K]+=x[0]; return H['a']*x[1]", "K='b' if K=='a' else 'a'", 'H'),
    ('I=0\nH=[1.,2.,3.]',
     'H[I]+=x[0]; return H[I]*x[1]', 'I=(I+1)%3', 'H'),
    ('I=-1\nH=deque([1.,2.,3.])',
     'H[I]+=x[0]; return H[I]*x[1]', 'I=I-1 if I>-3 else 0', 'list(H)'),
    ('H=[1.,2.]\nG=copy.copy(H)',
     'G[0]=x[0]; K=copy.deepcopy(H); K.append(x[1]); return sum(G)+sum(K)+sum(H)', 'H[0]=4.', '(H,G)'),
    ('import threading\nT=threading.local()\nT.a=1.',
     'T.a+=x[0]; return T.a*x[1]', 'T.a=1.', 'T.a'),
    ("import contextvars\nT=contextvars.ContextVar('t',default=1.)",
     'return T.get()*x[1]', 'T.set(T.get()+1)', 'T.get()'),
    ('import queue\nT=queue.deque([1.,2.])',
     'return T[0]*x[0]', 'T.rotate()', 'list(T)'),
    ('import heapq\nH=[3.,5.,4.]',
     'heapq.heappush(H,x[0]); return heapq.heappop(H)*x[1]', 'H[1]=3.5', 'H'),
    ('import bisect\nH=[1.,2.,3.]',
     'bisect.insort(H,x[0]); return H[0]*x[1]+bisect.bisect(H,1.5)', 'H.pop()', 'H'),
    ('import weakref\no=O(a=1.)\nR=weakref.ref(o)',
     'R().a+=x[0]; return o.a*x[1]', 'o.a=1.', 'o.a'),
    ('import enum\nclass E(enum.Enum):\n    A=1\n    B=2\nH={E.A:1.,E.B:2.}',
     'H[E.A]+=x[0]; return sum(H.values())', 'H[E.B]=3.', 'list(H.values())'),
    ("N=namedtuple('N','a b')\nH=N(1.,[2.])",
     'H.b.append(x[0]); return H.a*sum(H.b)', 'H=N(2.,[1.])', 'H'),
    ('H=types.SimpleNamespace(a=1.,b=[1.])',
     'H.a*=x[0]; H.b.append(x[1]); return H.a+sum(H.b)', 'H.b.pop()', 'H'),
    ('H=[1.,2.]\nit=iter(H)',
     'H.append(x[0]); return sum(H)', 'next(it,None)', 'H'),
    ('H=[[0.,0.],[0.,0.]]',
     'for i in range(2):\n    for j in range(2): H[i][j]+=x[i]*x[j]\nreturn H[0][1]*H[1][1]', 'H[0][0]=1.', 'H'),
    ("H={'n':0}\nG={'n':H}",
     "G['n']['n']+=1; return H['n']*x[0]", "H['n']=0", 'H'),
]
IN_LOOPS = [  # the same, for arguments of several lengths
    ('H=deque([1.,2.,3.],maxlen=4)',
     'for v in x:\n    H.append(v)\n    s=sum(H)/len(H)\nreturn s*H[0]', 'H.append(.5)', 'list(H)'),
    ('H=deque([1.,2.,3.])',
     's=0.\nfor v in x:\n    for e in H: s=s+e*v\n    H[0]=v\nreturn s', 'H.append(.5)', 'list(H)'),
    ('H=deque([1.,2.,3.])',
     's=0.\nfor v in x:\n    if v>.5: H[0]=v\n    s=s+sum(e*e for e in H)\nreturn s', 'H[1]=.5', 'list(H)'),
    ('H=deque([1.,2.,3.])',
     's=0.\nfor i,e in enumerate(H):\n    for v in x:\n        if v>.5: H[i]+=v\n    s=s+e\nreturn s+sum(H)', 'H[1]=.5', 'list(H)'),
    ('H=L([1.,2.,3.])',
     's=0.\nfor v in x:\n    H[1]=H[1]*v+H[0]\n    H[0]=v\nreturn H[0]+H[1]', 'H[1]=.5', 'list(H)'),
    ('H=OrderedDict(a=1.,b=2.)',
     "for v in x:\n    H['a'],H['b']=H['b'],v*H['a']\nreturn H['a']-H['b']", "H['a']=.5", 'list(H.items())'),
    ('H=OrderedDict(a=1.,b=2.)',
     's=0.\nfor v in x:\n    for k in H:\n        H[k]=H[k]+v\n    s=s+sum(H.values())\nreturn s', "H['c']=.5", 'list(H.items())'),
    ('H=Counter(a=1.,b=2.)',
     "for v in x:\n    H['a' if v>.5 else 'b']+=v\nreturn H['a']*H['b']", "H['c']=.5", 'dict(H)'),
    ("H={'a':1.,'b':2.}",
     "for v in x:\n    for k,w in H.items():\n        H[k]=w*.9+v\nreturn H['a']*H['b']", "H['c']=.5", 'dict(H)'),
    ("H={'a':[1.],'b':[2.]}",
     'for v in x:\n    for w in H.values(): w.append(v)\nreturn sum(map(sum,H.values()))', "H['a'].clear(); H['b'].clear()", 'dict(H)'),
    ('H=[O(a=1.),O(a=2.)]',
     'for v in x:\n    for o in H: o.a=o.a*.5+v\nreturn H[0].a*H[1].a', 'H[0].a=3.', '[o.a for o in H]'),
    ('H=[O(a=1.),O(a=2.)]\nG=H[1]',
     'for v in x:\n    G.a+=v\n    H[0].a+=G.a\nreturn H[0].a*H[1].a', 'G.a=3.', '[o.a for o in H]'),
    ('H=O(a=1.)\nG=O(h=H)',
     'for v in x: G.h.a=G.h.a*.5+v\nG.h=O(a=x[0])\nH.a+=1\nreturn G.h.a*H.a', 'G.h=H', '(H.a,G.h.a,G.h is H)'),
    ('H=[1.,2.]\nG=[H,H]',
     'for v in x:\n    G[0][0]+=v\n    G[1][1]*=.9\nreturn H[0]*H[1]', 'H[0]=1.', '(H,G[0] is H)'),
    ("A=np.ones(3)\nH={'w':A}",
     "for v in x:\n    H['w']=H['w']*v\n    A[0]+=v\nreturn H['w'].sum()+A[0]", "H['w']=A", "(A.tolist(),H['w'].tolist())"),
    ("A=np.ones(3)\nH={'w':A}",
     "for v in x:\n    H['w']*=v\nreturn A.sum()", 'A[:]=2.', "(A.tolist(),H['w'] is A)"),
    ('H=[]',
     's=0.\nfor v in x:\n    H.append(v)\n    if len(H)>4: H.pop(0)\n    s=s+H[0]\nreturn s', 'H.clear()', 'H'),
    ('H=[5.,4.]',
     's=0.\nwhile len(H)>1:\n    s=s+H.pop()*x[0]\nH.append(x[1])\nreturn s', 'H.extend([1.,2.,3.])', 'H'),
    ('H={}',
     'def memo(n):\n    if n in H: return H[n]\n    H[n]=x[0]*n if n<2 else memo(n-1)+memo(n-2)\n    return H[n]\nr=memo(6)\nH.clear()\nreturn r', 'pass', 'H'),
    ('H={}',
     'def memo(n):\n    if n in H: return H[n]\n    H[n]=x[0]*n if n<2 else memo(n-1)+memo(n-2)\n    return H[n]\nreturn memo(5)', 'H.pop(3,None); H.pop(5,None)', 'H'),
    ('H=O(n=0,best=None)',
     'for v in x:\n    H.n+=1\n    if H.best is None or v>H.best: H.best=v\nreturn H.best*H.n', 'H.best=None if H.n>5 else H.best', 'vars(H)'),
    ("H=O(state='a',t=0.)",
     "for v in x:\n    if H.state=='a':\n        H.t+=v\n        if H.t>1.: H.state='b'\n    else:\n        H.t-=v\n        if H.t<.5: H.state='a'\nreturn H.t", 'H.t+=.1', 'vars(H)'),
    ("class P:\n    def __init__(s): s._v=1.\n    @property\n    def v(s): return s._v*2\n    @v.setter\n    def v(s,w): s._v=w/2; s.n=getattr(s,'n',0)+1\nH=P()",
     'for v in x: H.v=H.v+v\nreturn H.v*H.n', 'H._v=.5', 'vars(H)'),
    ('class P:\n    def __getattr__(s,k): return 1.5\nH=P()',
     'r=H.zz*x[0]\nH.zz=x[1]\nreturn r+H.zz', 'del H.zz', 'vars(H)'),
    ('class P(dict):\n    __getattr__=dict.__getitem__\n    def __setattr__(s,k,v): s[k]=v\nH=P(a=1.)',
     "H.a+=x[0]; H.b=x[1]; return H.a*H['b']", 'H.a=.5', 'dict(H)'),
    ('class P:\n    def __init__(s): s.d={}\n    def __getitem__(s,k): return s.d.get(k,1.)\n    def __setitem__(s,k,v): s.d[k]=v\n    def __len__(s): return len(s.d)\n    def __iter__(s): return iter(s.d)\n    def __contains__(s,k): return k in s.d\nH=P()',
     'for i in range(len(x)): H[i]=H[i]+x[i]\nreturn sum(H[k] for k in H)*len(H)+(7 in H)', 'H[0]=3.', 'H.d'),
    ('class P(list):\n    def append(s,v): list.append(s,v*2)\nH=P()',
     'for v in x: H.append(v)\nreturn sum(H)*len(H)', 'H.clear()', 'list(H)'),
    ('class P(list):\n    def __iter__(s): return (v*2 for v in list.__iter__(s))\nH=P([1.,2.])',
     'H[0]=x[0]; return sum(H)+sum(v for v in H)*x[1]+H[0]', 'H[1]=3.', 'list.copy(H)'),
    ('class P(dict):\n    def __missing__(s,k): s[k]=float(k); return s[k]\nH=P()',
     'return H[2]*x[0]+H[3]*x[1]+len(H)', 'H.pop(2); H[3]=1.', 'dict(H)'),
    ('class It:\n    def __init__(s): s.i=0\n    def __iter__(s): return s\n    def __next__(s):\n        s.i+=1\n        if s.i%4==0: raise StopIteration\n        return float(s.i)\nH=It()',
     't=0.\nfor v in H: t=t+v*x[0]\nreturn t', 'H.i+=1', 'H.i'),
    ('def g():\n    s=1.\n    while True:\n        r=yield s\n        s=s*.5+r\nH=g()\nnext(H)',
     'return x[0]', 'next(H) if False else None', 'None'),
    ('H=[1.,2.,3.]',
     'a=H; H=[x[0]]; a.append(x[1]); return sum(a)+sum(H)', 'G=H', 'H'),
    ('H=[1.,2.,3.]',
     'H=[v*x[0] for v in H]; return sum(H)', 'H.append(1.)', 'H'),
    ('H=(1.,2.)',
     'H=H[1:]+(x[0],); return H[0]*x[1]', 'H=(1.,)+H[1:]', 'H'),
    ('H=1.',
     'H=H*x[0]+1; return H', 'H=2.', 'H'),
    ('H=1',
     'H=H+1; return H*x[0]', 'H=H+3', 'H'),
    ('H=None',
     'if H is None: H=x[0]\nelse: H=H+x[1]\nreturn H', 'H=None if H>1.5 else H', 'H'),
    ("H='a'",
     "H=H+'b'; return len(H)*x[0]", "H='a'", 'H'),
    ('H=True',
     'H=not H; return x[0] if H else x[1]', 'pass', 'H'),
    ('H=np.float64(2.)',
     'H=H*x[0]; return H+1', 'H=np.float64(3.)', 'H'),
    ('H=np.array(2.)',
     'H[...]=H*x[0]; return H+1', 'H[()]=3.', 'H.item()'),
    ('H=np.zeros((2,2))',
     'H[0]+=x[0]; H[:,1]=x[1]; return (H*H).sum()', 'H.T[0]=1.', 'H.tolist()'),
    ('H=[np.zeros(2),np.ones(2)]',
     'for a in H: a+=x[0]\nH[0]=H[1]\nH[0][0]=x[1]\nreturn H[1].sum()', 'H[0]=np.zeros(2)', '[a.tolist() for a in H]'),
    ('H=[[1.,2.],[3.,4.]]',
     'for r in H: r.reverse()\nH.reverse()\nH[0][0]*=x[0]\nreturn H[0][0]+H[1][1]*x[1]', 'H[0].append(1.)', 'H'),
    ('H=[3.,1.,2.]\nG=sorted(H)',
     'H[0]=x[0]; return sorted(H)[0]*x[1]+G[2]', 'G[2]=4.', '(H,G)'),
    ("H={'x':{'y':{'z':1.}}}",
     "H['x']['y']['z']+=x[0]; H['x']['y']['w']=x[1]; return sum(H['x']['y'].values())", "H['x']['y'].pop('w')", 'H'),
    ("H={'x':{'y':1.}}\nG=H['x']",
     "H['x']={'y':x[0]}; G['y']+=x[1]; return H['x']['y']*G['y']", "H['x']=G", '(H,G)'),
    ('H=[1.,2.]',
     'r=0.\nfor k in range(3):\n    try:\n        r=r+H[k]*x[0]\n    except IndexError:\n        H.append(x[1])\nreturn r', 'H.pop()', 'H'),
    ("H={'a':1.}",
     "r=0.\nfor k in 'abc':\n    try:\n        r=r+H[k]*x[0]\n    except KeyError:\n        H[k]=x[1]\nreturn r", "H.pop('c')", 'H'),
    ('H=[1.,2.]',
     'with_=H\nclass CM:\n    def __enter__(s): with_.append(x[0]); return with_\n    def __exit__(s,*a): with_.pop(0)\nwith CM() as q: r=sum(q)\nreturn r*len(H)', 'H.append(1.)', 'H'),
    ('H=O(a=1.)\ndef cb(o): o.a*=2',
     'cb(H); H.a+=x[0]; f2=cb; f2(H); return H.a', "cb=lambda o: setattr(o,'a',o.a+1)", 'H.a'),
    ('class B:\n    k=2.\n    def m(s,v): return v*s.k\nclass H2(B): pass\nH=H2()',
     'return H.m(x[0])', 'B.k+=1; H2.m=(lambda s,v: v*5) if B.k>4 else B.m', 'B.k'),
    ('class B:\n    k=2.\nH=B()',
     'B.k=B.k*x[0]; H.k=H.k+1; return H.k*B.k', 'del H.k', '(B.k,vars(H))'),
    ('H=[[1.,2.]]',
     'a,=H; b,c=a; a[0]=x[0]; (d,e),=H; return b+c+d*x[1]+e', 'H[0][1]=4.', 'H'),
    ('H=set()',
     'for i,v in enumerate(x):\n    if v>.5: H.add(i)\nreturn len(H)*x[0]', 'H.clear()', 'sorted(H)'),
    ('H=[1.,2.,3.,4.]',
     'for i in range(len(H)-1,0,-1): H[i],H[i-1]=H[i-1]*x[0],H[i]\nreturn sum(v*i for i,v in enumerate(H))', 'H[0]=1.', 'H'),
    ('H=deque([1.,2.,3.,4.])',
     'while len(H)>2: H.append(H.popleft()+H.popleft()*x[0])\nreturn sum(H)*x[1]', 'H.extend([1.,2.])', 'list(H)'),
    ('H=[1.,2.]',
     'H+=[x[0]]; H*=2; del H[3:]; return sum(H)*x[1]', 'H.pop()', 'H'),
    ('H=L([1.,2.])',
     'H+=[x[0]]; H*=2; del H[3:]; return sum(H)*x[1]', 'H.pop()', 'list(H)'),
    ('H=deque([1.,2.])',
     'H+=[x[0]]; H*=2; del H[3]; return sum(H)*x[1]', 'H.pop()', 'list(H)'),
    ('H=OrderedDict(a=1.)',
     "H|={'b':x[0]}; G=H|{'c':x[1]}; H['a']=G['c']; return sum(G.values())*len(H)", "H.pop('b')", 'list(H.items())'),
    ('H=[1.,2.]\ndef val():\n    H.append(3.)\n    return H',
     'r=val()[0]*x[0]; val()[1]=x[1]; return r+sum(H)', 'del H[2:]', 'H'),
    ('H=[1.,2.]',
     'f=H.append; g=H.pop; f(x[0]); a=g(0); f(a*x[1]); return sum(v*i for i,v in enumerate(H))', 'H.append(1.) if len(H)<3 else None', 'H'),
    ("H={'f':lambda v: v*2}",
     "r=H['f'](x[0]); H['f']=lambda v: v*3; return r+H['f'](x[1])", "H['f']=lambda v: v*4", 'None'),
    ('H=functools.partial(lambda a,b: a*b, 2.)',
     'return H(x[0])', 'H=functools.partial(lambda a,b: a+b, 3.)', 'None'),
    ('A=np.arange(3.)\nH=functools.partial(lambda a,b: a*b, A)',
     'A[0]=x[0]; return H(x[1]).sum()', 'A[1]=5.', 'A.tolist()'),
    ('H=[1.,2.]\ng=H.__getitem__',
     'return g(0)*x[0]+sum(H)', 'H[0]=3.', 'H'),
    ("H={'a':1.}\ng=H.get",
     "H['b']=x[1]; return g('a',0.)*x[0]+g('b')", "H.pop('a',None)", 'H'),
    ('H=[1.]\ng=H.append',
     'g(x[0]); return sum(H)*x[1]', 'H=[2.]; g=H.append', 'H'),
    ('A=np.ones(2)\ng=A.sum',
     'A[0]=x[0]; return g()*x[1]', 'A[1]+=1.', 'A.tolist()'),
    ('import datetime\nH=datetime.timedelta(seconds=3)',
     'return H.total_seconds()*x[0]', 'H=H*2', 'str(H)'),
    ('G=2.',
     "return eval('x[0]*G')", 'G=3.', 'G'),
    ('G=2.',
     'class C:\n    k=G*x[0]\nreturn C.k*x[1]', 'G=3.', 'G'),
    ("import types as t\nm=t.ModuleType('m'); m.k=1.",
     "m.k=m.k*x[0]; return m.k+getattr(m,'z',1.)", 'm.z=2.', 'm.k'),
    ("import types as t\nm=t.ModuleType('m'); m.k=1.",
     "for v in x: setattr(m,'k',m.k*v)\nif x[0]>.5: m.new=x[1]\nreturn m.k", 'm.k=2.; m.new=1.', "(m.k, getattr(m,'new',0))"),
    ("import types as t\nm=t.ModuleType('m'); m.n=0",
     'm.n+=1; return m.n*x[0]', 'm.n+=3', 'm.n'),
    ('class C:\n    n=1.\nP=vars(C)',
     "s=0.\nfor k in P:\n    if k=='n': s=s+P[k]*x[0]\nreturn s", 'C.n+=1.', 'C.n'),
    ('class De:\n    def __init__(s): s.v=1.\n    def __get__(s,o,t): return s.v*o.n\n    def __set__(s,o,v): s.v=v\nclass C:\n    d=De()\n    n=1.\nH=C()',
     'r=H.d*x[0]; H.d=x[1]; return r+H.d', "H.n+=1.; vars(C)['d'].v=4.", "vars(C)['d'].v"),
    ('class C:\n    def __init__(s): s.a=2.\n    @functools.cached_property\n    def p(s): return s.a*3\nH=C()',
     'return H.p*x[0]', "H.a+=1.; vars(H).pop('p',None)", 'vars(H)'),
    ('class M(type):\n    @property\n    def k(c): return c._k\nclass C(metaclass=M):\n    _k=1.',
     'return C.k*x[0]', 'C._k=3.', 'C._k'),
    ('H=[1.,2.]\nG=lambda k=H: k',
     'G().append(x[0]); return sum(G())*x[1]', 'H.pop()', 'H'),
]
LONGER = ([0.4, 0.7, 0.21, 0.93, 0.55, 0.62], [0.6, 0.2, 0.8, 0.35, 0.47, 0.72, 0.91], [0.3, 0.8], [0.55, 0.35, 0.61])
POINTS = ([0.4, 0.7], [0.6, 0.2], [0.9, 0.45], [0.3, 0.8])
_names = itertools.count()


def _world(made: str, body: str) -> dict[str, Any]:
    assigned = [name for name in ("H", "G", "A", "D0") if f"{name}=" in made] or ["unused"]
    lines = (body if "\n" in body else body.replace("; ", "\n")).split("\n")
    text = f"{PRELUDE}\n{made}\ndef f(x):\n    global {', '.join(assigned)}\n" + "\n".join(f"    {line}" for line in lines) + "\n"
    name = f"<hostile {next(_names)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    sys.modules[name] = types.ModuleType(name)  # dataclasses look for theirs
    names: dict[str, Any] = {"__name__": name}
    exec(compile(text, name, "exec"), names)
    return names


def _held(x: Any) -> Any:
    """Numbers, texts and lists of them."""
    if isinstance(x, np.generic):
        return x.item()
    if isinstance(x, dict):
        return [[_held(key), _held(value)] for key, value in x.items()]
    if isinstance(x, (list, tuple)):
        return [_held(item) for item in x]
    return _held(vars(x)) if hasattr(x, "__dict__") and not isinstance(x, type) else x


def _close(a: Any, b: Any) -> bool:
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(_close, a, b))
    return bool(a == pytest.approx(b, rel=1e-12)) if isinstance(a, float) else bool(a == b)


@pytest.mark.parametrize("of, made, body, change, left", [*(("value", *case) for case in CASES), *(("gradient", *case) for case in CASES[::2])])
def test_is_what_python_makes_of_it(of: str, made: str, body: str, change: str, left: str) -> None:
    _check(made, body, change, left, of, POINTS)


@pytest.mark.parametrize("of, made, body, change, left", [*(("value", *case) for case in IN_LOOPS), *(("gradient", *case) for case in IN_LOOPS[::3])])
def test_is_what_python_makes_of_it_in_loops(of: str, made: str, body: str, change: str, left: str) -> None:
    _check(made, body, change, left, of, LONGER)


def _check(made: str, body: str, change: str, left: str, of: str, points: tuple[list[float], ...]) -> None:
    plain, traced = _world(made, body), _world(made, body)
    with warnings.catch_warnings(), bcad.options.set(backend="numpy", progress=False):
        warnings.simplefilter("ignore")  # some do not depend on x
        ours = bcad.value_and_grad(traced["f"]) if of == "gradient" else bcad.Function(traced["f"])
        for k, x in enumerate(points):
            d = np.linspace(1.0, 2.0, len(x))
            try:
                expected = plain["f"](np.array(x))
            except Exception as error:
                with pytest.raises(type(error)):
                    ours(np.array(x))
                return
            given = ours(np.array(x))
            if of == "gradient":
                given, gradient = given
                along = richardson(lambda t, k=k, x=x, d=d: _after(made, body, change, points[:k], np.array(x) + t * d), 1e-3)
                assert along.agrees(gradient @ d)
            assert given == pytest.approx(expected, rel=1e-12)
            assert _close(_held(eval(left, plain)), _held(eval(left, traced)))
            for world in (plain, traced):
                exec(change, world)


def _after(made: str, body: str, change: str, points: tuple[list[float], ...], x: np.ndarray) -> np.ndarray:
    """The value at x of Python's function after some calls."""
    world = _world(made, body)
    for before in points:
        world["f"](np.array(before))
        exec(change, world)
    return np.asarray(world["f"](x))


@pytest.mark.parametrize("made, body", [
    ("B=bytearray(16)\nN=np.frombuffer(B)", "N[0]=x[0]; return B[7]*x[1]"),
    ("A=np.array([1.,2.,3.])\nM=memoryview(A)", "A[1]=x[0]; return M[1]*x[1]"),
    ("A=np.zeros(3)\nH=[A,A[1:]]", "H[1][0]+=x[0]; A[2]=x[1]; return H[0].sum()*H[1][1]"),
])
def test_memory_under_two_names_is_not_written_to(made: str, body: str) -> None:
    with pytest.raises(bcad.Unsupported, match="shares memory"):
        bcad.Function(_world(made, body)["f"], backend="numpy")(np.array([0.5, 0.25]))


def test_a_buffer_can_still_get_longer() -> None:
    names = _world("H=array.array('d',[1.,2.])", "return sum(H)*x[0]+len(H)")
    f = bcad.Function(names["f"])
    assert f(np.array([1.0])) == 5.0
    names["H"].append(3.0)
    assert f(np.array([1.0])) == 9.0


def test_views_of_dicts_that_the_call_leaves() -> None:
    names = _world("class S: pass", "d={'a':x[0]}; S.v=d.values(); S.d=d; S.p=types.MappingProxyType(d); return x[1]")
    f = bcad.Function(names["f"], backend="numpy")
    for first in (1.0, 2.0):
        f(np.array([first, 0.5]))
        names["S"].d["b"] = 5.0
        assert list(names["S"].v) == [first, 5.0] == list(names["S"].p.values())
